"""What people type out of habit, and the one line that tells them what to type instead."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Habit:
    """What is typed in a folder of models, the exit code, and words of both streams."""

    typed: str
    code: int
    err: tuple[str, ...] = ()
    out: tuple[str, ...] = ()


def asks(typed: str, *out: str) -> Habit:
    """A question that is answered on standard output."""
    return Habit(typed, 0, out=out)


def misuse(typed: str, *err: str) -> Habit:
    """Wrong usage."""
    return Habit(typed, 2, err)


def missing(typed: str, *err: str) -> Habit:
    """Something that is not there, or not what was meant."""
    return Habit(typed, 1, err)


HELP = ("usage: llmq convert [options] SRC", "--max-memory", "recipes:", "Q4_K_M")
HABITS = (
    # --- llmq itself ---
    asks("", "llmq convert my-tutor", "turn a model into", "talk to a tutor", "llmq help COMMAND"),
    asks("--help", "llmq convert my-tutor", "talk to a tutor"),
    asks("help", "llmq convert my-tutor", "talk to a tutor"),
    asks("help convert", *HELP),
    asks("help calibrate", "usage: llmq calibrate [options] MODEL", "--suite tutoring=3 --text notes"),
    asks("convert --help", *HELP),
    asks("help help", "llmq help COMMAND"),
    asks("-V", "llmq ", "Python 3", "NumPy ", "llama-cpp-python "),
    asks("--version", "llmq "),
    misuse("convrt tiny", "there is no command 'convrt'; did you mean convert?"),
    misuse("help drfit", "there is no command 'drfit'; did you mean drift?"),
    misuse("serve", "there is no command 'serve'; there are ", "drift, gate, lock, bench, chat"),
    misuse("--quiet convert tiny", "there is no option --quiet here", "after the command"),
    # --- usage, under the right verb ---
    misuse("convert", "usage: llmq convert [options] SRC", "SRC", "llmq help convert"),
    misuse("chat", "usage: llmq chat [options] MODEL.gguf", "llmq help chat"),
    misuse("drift tiny", "usage: llmq drift [options] BASE QUANT", "llmq help drift"),
    misuse("convert tiny --recipes Q8_0", "there is no option --recipes; did you mean --recipe?"),
    misuse("calibrate", "usage: llmq calibrate [options] MODEL", "llmq help calibrate"),
    misuse("chat a.gguf --sytem=x", "there is no option --sytem; did you mean --system?"),
    misuse("convert tiny Q8_0", "llmq convert: Q8_0 is one argument too many"),
    # --- values ---
    misuse("convert tiny --recipe Q4_KM", "--recipe: there is no recipe 'Q4_KM'; did you mean Q4_K_M?"),
    misuse("convert tiny --output-type q8", "there is no type 'q8'; did you mean Q8_0?"),
    misuse("convert tiny --embedding-type F23", "there is no type 'F23'; did you mean F32?"),
    misuse("convert tiny --tensor attn_v=Q9_K", "there is no type 'Q9_K'; did you mean"),
    misuse("convert tiny --encoder serch", "there is no encoder 'serch'; did you mean search?"),
    misuse("convert tiny --imatrix-exact", "--imatrix-exact needs --imatrix FILE"),
    misuse("convert tiny --quality bset", "--quality: there is no quality 'bset'; did you mean best?"),
    misuse("convert tiny --quality turbo", "there is no quality 'turbo'; known are fast, good, best"),
    misuse("convert tiny --calibration notes.txt", "--calibration needs --quality good or --quality best"),
    misuse("convert tiny --quality fast --calibration notes.txt", "not with --quality fast, which uses no text"),
    misuse("convert tiny --quality best --imatrix i.gguf", "--imatrix: not with --quality best", "--calibration FILE"),
    misuse("convert tiny --quality good --imatrix i.gguf --calibration notes.txt", "so leave one out"),
    misuse("convert tiny --quality best --encoder ggml", "--encoder: not with --quality best, which chooses the codes"),
    misuse("convert tiny --quality good --calibration notes.txt --recipe F16", "F16 rounds nothing to blocks"),
    misuse("convert tiny-Q4_0.gguf --quality best", "needs its checkpoint folder", "--quality good --imatrix FILE"),
    misuse("convert tiny-Q4_0.gguf --quality good", "importance with the original's checkpoint folder", "--imatrix FILE"),
    misuse("convert tiny --max-memory lots", "'lots' is not a size such as 500M or 2GB"),
    misuse("convert tiny --jobs two", "'two' is not a number of processes from 1 to 256"),
    misuse("chat tiny-Q4_0.gguf --ctx x", "llmq chat: --ctx/--context: 'x' is not a number of tokens"),
    misuse("chat tiny-Q4_0.gguf --max-tokens -1", "--max-tokens"),
    misuse("chat tiny-Q4_0.gguf --seed many", "--seed: 'many' is not a whole number from 0"),
    misuse("chat tiny-Q4_0.gguf --temperature warm", "'warm' is not a number from 0 to 5"),
    misuse("chat tiny-Q4_0.gguf --temperature nan", "'nan' is not a number from 0 to 5"),
    misuse("chat tiny-Q4_0.gguf --cache-type Q8", "--cache-type: there is no type of cache 'Q8'; known are F32,"),
    misuse("drift tiny tiny-Q4_0.gguf --cache-type q8_0", "no type of cache 'q8_0'; did you mean Q8_0?"),
    asks("help bench", "usage: llmq bench [options] MODEL.gguf", "--prompt-tokens N", "--repeats N"),
    misuse("bench", "usage: llmq bench [options] MODEL.gguf", "llmq help bench"),
    misuse("bench tiny-Q4_0.gguf --tokens 3", "--tokens: '3' is not a number of tokens from 8"),
    misuse("bench tiny-Q4_0.gguf --repaets=2", "there is no option --repaets; did you mean --repeats?"),
    missing("bench tiny", "type: llmq convert tiny, then llmq bench tiny-Q4_K_M.gguf"),
    missing("bench tiny_Q4_0.gguf", "did you mean tiny-Q4_0.gguf?"),
    missing("bench notes.txt", "notes.txt is not a GGUF file"),
    missing("bench split-00002-of-00002.gguf", "is part 2 of 2; name the first, split-00001-of-00002.gguf"),
    missing("bench tiny-Q4_0.gguf --prompt-tokens 4096 --repeats 1", "a prompt of 4096 tokens", "take fewer --prompt-tokens"),
    misuse("recipes tiny --cache-type F8", "--cache-type: there is no type of cache 'F8'"),
    misuse("chat tiny-Q4_0.gguf --gpu-layers all", "--gpu-layers: 'all' is not auto or a number of layers from 0"),
    asks("help gate", "usage: llmq gate [options] [BASE] [QUANT]", "--from-report FILE", "3 INCONCLUSIVE"),
    asks("gate --explain", "policy 4-bit", "choice_accuracy_kept", "what it does not tell", "exit codes: 0 PASS"),
    misuse("gate", "BASE and QUANT are needed, or --from-report, --demo or --explain", "llmq help gate"),
    misuse("gate tiny", "BASE and QUANT are needed"),
    misuse("gate tiny tiny-Q4_0.gguf --device phone", "--device: there is no device 'phone'"),
    misuse("gate --from-report notes.txt --suite tutoring", "--suite: not with --from-report, which measures nothing"),
    misuse("gate --demo --quick", "--quick: not with --demo, which measures nothing"),
    misuse("gate tiny tiny-Q4_0.gguf --beside notes.txt", "--beside: only with --html"),
    misuse("gate tiny tiny-Q4_0.gguf --columns question=stem", "--columns: only with --suite"),
    misuse("gate --demo --explain", "--demo: not with --explain"),
    misuse("gate tniy tiny-Q4_0.gguf", "llmq: there is no tniy; did you mean tiny?"),
    misuse("gate tiny tiny", "type: llmq convert tiny, then llmq gate tiny tiny-Q4_K_M.gguf"),
    misuse("gate tiny notes.txt", "llmq: notes.txt is not a GGUF file"),
    misuse("gate tiny tiny-Q4_0.gguf --policy 4bit", "there is no policy 4bit; did you mean 4-bit or 8-bit?"),
    misuse("gate tiny tiny-Q4_0.gguf --policy notes.txt", "notes.txt is not valid TOML"),
    misuse("gate tiny tiny-Q4_0.gguf --lock notes.txt", "notes.txt: not valid JSON"),
    misuse("gate tiny tiny-Q4_0.gguf --lock llmq.lock", "there is no lock llmq.lock; llmq lock update makes one"),
    misuse("gate tiny tiny-Q4_0.gguf --html none/a.html", "cannot write the report none/a.html: there is no such folder"),
    misuse("gate tiny tiny-Q4_0.gguf --html notes.txt --junit notes.txt", "--html and --junit both name it"),
    misuse("gate --from-report ntoes.txt", "there is no report ntoes.txt; did you mean notes.txt?"),
    misuse("lock", "usage: llmq lock [options] update", "llmq help lock"),
    misuse("lock update --report notes.txt", "--reason"),
    missing("lock update --report notes.txt --reason x", "llmq: notes.txt: not valid JSON"),
    misuse("calibrate tiny --text notes.txt=0", "--text: a share of 0 takes nothing of notes.txt"),
    misuse("calibrate tiny --tokens lots", "--tokens: 'lots' is not a whole number from 1"),
    misuse("completion bsh", "there is no script for 'bsh'; did you mean bash?"),
    # --- names that are a little wrong ---
    missing("convert tniy", "there is no tniy; did you mean tiny?"),
    missing("convert TINY/", "there is no TINY; did you mean tiny?"),
    missing("inspect tiny-Q4_O.gguf", "did you mean tiny-Q4_0.gguf?"),
    missing("chat tiny_Q4_0.gguf", "did you mean tiny-Q4_0.gguf?"),
    missing("convert modles/small.gguf", "there is no folder modles; did you mean models/small.gguf?"),
    missing("convert xyzzy", "there is no xyzzy; name the folder that holds config.json"),
    missing("drift tiny tiny-Q4_0.gguf --suite tutorin", "no suite tutorin; did you mean tutoring?"),
    missing("drift tiny tiny-Q4_0.gguf --suite my-siute.jsonl", "did you mean my-suite.jsonl?"),
    missing("drift tiny tiny-Q4_0.gguf --suite zebra", "built in are tutoring, "),
    missing("drift tiny tiny-Q4_0.gguf --text ntoes.txt", "no text ntoes.txt; did you mean notes.txt?"),
    missing("convert tiny --imatrix imatrix.gguf", "no importance matrix imatrix.gguf; name a file"),
    missing("calibrate tniy", "there is no tniy; did you mean tiny?"),
    missing("calibrate tiny --suite tutorin=2", "no suite tutorin; did you mean tutoring?"),
    missing("calibrate tiny --suite zebra=x", "there is no suite zebra=x; built in are tutoring, "),
    missing("calibrate tiny --text ntoes.txt=3", "no text ntoes.txt; did you mean notes.txt?"),
    missing("convert tiny --quality good --calibration ntoes.txt", "no calibration ntoes.txt; did you mean notes.txt?"),
    missing("convert tiny --quality good --calibration notes.txt", "notes.txt has less text than one window"),
    missing("convert tiny --quality good --calibration tiny-Q4_0.gguf", "is no calibration, for it holds no tokens"),
    # --- another kind of thing than is wanted ---
    missing("calibrate tiny-Q4_0.gguf", "calibrating needs the checkpoint folder"),
    missing("calibrate tiny --text notes.txt", "notes.txt has less text than one window of 128"),
    missing("calibrate tiny --suite notes.txt", "notes.txt, line 1: not valid JSON"),
    missing("calibrate tiny --window 8", "a window of 8 tokens is too short; 16 is the least"),
    missing("calibrate tiny --window 512", "longer than the 128 that tiny was trained for"),
    missing("chat tiny", "type: llmq convert tiny, then llmq chat tiny-Q4_K_M.gguf"),
    missing("drift tiny tiny", "llmq convert tiny, then llmq drift tiny tiny-Q4_K_M.gguf"),
    missing("drift tiny-Q4_0.gguf tiny", "the original comes first: llmq drift tiny tiny-Q4_0.gguf"),
    missing("chat models", "is a folder; name the model in it: models/small.gguf"),
    missing("convert runs", "is a folder; name the model in it: runs/checkpoint-20"),
    missing("convert empty", "empty/config.json: the file is missing"),
    missing("chat empty", "is a folder without a model"),
    missing("convert tiny/model-00001-of-00002.safetensors", "name its folder, tiny"),
    missing("chat tiny/config.json", "is one file of a checkpoint; name its folder, tiny"),
    missing("chat pytorch_model.bin", "PyTorch's own form", "save_pretrained"),
    missing("chat notes.txt", "notes.txt is not a GGUF file"),
    missing("chat tiny-Q4_0.gguf --cache-type Q8_0", "cannot run tiny-Q4_0.gguf", "K cache type q8_0 with block size 32"),
    # --- files that are not made yet, and models that are elsewhere ---
    missing("chat tiny-Q8_0.gguf", "llmq convert tiny --recipe Q8_0 makes tiny-Q8_0.gguf"),
    missing("drift tiny-BF16.gguf tiny-Q4_0.gguf", "llmq convert tiny --recipe BF16 makes"),
    missing("chat runs/checkpoint-20.gguf", "makes runs/checkpoint-20-Q4_K_M.gguf"),
    missing("convert Org/My-Model", "Org/My-Model: the network is switched off (HF_HUB_OFFLINE)"),
    missing("convert https://huggingface.co/Org/My-Model", "Org/My-Model: the network is switched"),
    missing("recipes Org/My-Model", "no Org/My-Model on this disk; llmq convert Org/My-Model fetches"),
    missing("convert tiny --lora Org/My-Lora", "Org/My-Lora: the network is switched off"),
    misuse("convert tiny --split-max-size big", "--split-max-size: 'big' is not a size such as 500M or 2GB"),
    misuse("convert tiny --split-max-size 2", "'2' is too small for a file; take such as 2G"),
    misuse("convert ./Org/My-Model", "there is no ./Org/My-Model; the hub's is typed as Org/My-Model"),
    missing("convert ./tniy", "there is no tniy; did you mean tiny?"),
    missing("convert Org/tiny", "Org/tiny: the network is switched off (HF_HUB_OFFLINE); nothing of that name"),
    missing("convert tiny --lora lroa", "there is no adapter lroa; name the folder"),
    missing("convert tiny --lora runs", "runs: holds no adapter_config.json; name the folder"),
    misuse("convert tiny --lora tiny=0", "a scale of 0 takes nothing of tiny; leave it out"),
    misuse("convert tiny --lora tiny=half", "tiny=half: 'half' is not a scale such as 0.5"),
    misuse("convert tiny --lora tiny --lora tiny", "--lora: tiny is named twice; name it once, as tiny=2"),
    missing("convert tiny --lora notes.txt", "notes.txt: is no folder; name the folder of a LoRA adapter"),
    missing("convert lora-runs", "is a folder; name the model in it: lora-runs/checkpoint-10"),
    missing("chat split-00002-of-00002.gguf", "is part 2 of 2; name the first, split-00001-of-00002.gguf"),
    missing("drift tiny gap-00001-of-00002.gguf", "gap-00002-of-00002.gguf: part 2 of 2 is missing; put it beside gap-0"),
    missing("metadata tiny-Q4_0.gguf set tokenizer.chat_template={{x(", "the chat template of tiny-Q4_0.gguf fails: "),
    missing("metadata tiny-Q4_0.gguf set llama.context_length=1e9", "'1e9' is no uint32, a whole number from 0 to 4294967295"),
    missing("chat Org/My-Model-GGUF", "hf download Org/My-Model-GGUF", '--include "*Q4_K_M*"'),
    missing("drift Org/My-Model tiny-Q4_0.gguf", "llmq convert Org/My-Model fetches it"),
    # --- outputs, before the plan and by --dry-run too ---
    missing("convert tiny --dry-run --recipe Q4_0", "tiny-Q4_0.gguf: exists already; --force"),
    missing("convert tiny --dry-run -o none/out.gguf", "none: there is no such folder; create it"),
    missing("convert tiny --dry-run -o none/", "none: there is no such folder; create it first"),
    missing("convert tiny --dry-run -o tiny/config.json --force", "is a file of the model itself"),
    missing("calibrate tiny -o none/c.gguf", "none: there is no such folder; create it first"),
    missing("calibrate tiny -o tiny/config.json --force", "is a file of the model itself"),
    missing("calibrate tiny --text notes.txt -o notes.txt --force", "notes.txt: is one of the texts"),
    asks("convert tiny --dry-run", "tiny -> Q4_K_M", "bits per weight"),
    asks("convert tiny --dry-run -o models", "tiny -> Q4_K_M"),
    # --- what converts? ---
    asks("architectures", "LlamaForCausalLM", "llama.cpp's name", "llmq inspect FOLDER"),
    misuse("architecture", "there is no command 'architecture'; did you mean architectures?"),
    misuse("architectures tiny", "tiny is one argument too many"),
    # --- what a file says of itself ---
    asks("metadata tiny-Q4_0.gguf", 'general.architecture = "llama"', 'llmq.encoder = "search"'),
    asks("metadata tiny-Q4_0.gguf set general.name=Mine --dry-run", 'general.name: "Tiny" -> "Mine"'),
    asks("metadata tiny-Q4_0.gguf remove general.name --dry-run", 'general.name: "Tiny" -> nothing'),
    asks("help metadata", "general.sampling.temp:float32=0.7", "@template.jinja"),
    misuse("metadata tiny-Q4_0.gguf set", "set what? name a key, as in"),
    misuse("metadata tiny-Q4_0.gguf sett general.name=x", "there is no action 'sett'; did you mean set?"),
    missing("metadata tiny-Q4_0.gguf set general.name", "'general.name' is not KEY=VALUE"),
    missing("metadata tiny-Q4_0.gguf set general.architecture=phi3", "stays as it is: the tensors are of this one"),
    missing("metadata tiny-Q4_0.gguf set llmq.quality=best", "stays as it is: it says how the file was made"),
    missing("metadata tiny-Q4_0.gguf remove general.nmae", "has no key 'general.nmae'; did you mean general.name?"),
    missing("metadata tiny-Q4_0.gguf set llama.context_length=many", "llama.context_length: 'many' is no uint32"),
    missing("metadata tiny-Q4_0.gguf set general.x:int23=1", "there is no type 'int23'; did you mean int32?"),
    missing("metadata tiny-Q4_0.gguf set general.name:uint32=1", "is of the type string, not uint32"),
    missing("metadata tiny-Q4_0.gguf set tokenizer.ggml.eos_token_id=99999", "99999 is no token; there are 0 to"),
    missing("metadata tiny-Q4_0.gguf set tokenizer.chat_template=@none.jinja", "there is no file none.jinja"),
    missing("metadata tiny", "type: llmq convert tiny, then llmq metadata tiny-Q4_K_M.gguf"),
    # --- what is in it? ---
    asks("inspect tiny", "layers.*.mlp.up_proj.weight (2)", "20 tensors", "types: BF16 100 %", "memory: llmq chat takes about", "converts: yes; llmq convert makes tiny-Q4_K_M.gguf"),
    asks("inspect tiny-Q4_0.gguf", "blk.*.attn_q.weight (2)", "converts: only with --allow-requantize"),
    asks("inspect tiny-Q4_0.gguf --all", "blk.1.attn_q.weight", "blk.0.attn_q.weight"),
    asks("inspect strange", "converts: no, because", "'MambaForCausalLM' is not supported"),
)  # fmt: skip
