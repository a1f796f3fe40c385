"""Added tokens, sizes of vocabularies, and what is added to a text."""

from collections.abc import Callable
from typing import Any

from tests.field.bases import CHATML, LLAMA, METASPACE, MISTRAL, PIECE_LLAMA, QWEN2, QWEN3
from tests.field.case import Case, Converts, refused
from tests.field.folder import Step, config, fields, file, settings, tokenizer

FLAGS = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
BOS, EOS, PAD, TOOL, START, END = 0, 1, 2, 420, 421, 422
FIRST_FREE = 423
ROWS = 448  # of the byte-level models' embeddings


def token(text: str, number: int, *, special: bool = True, **flags: bool) -> dict[str, Any]:
    """An entry of `added_tokens`."""
    return {"id": number, "content": text, "special": special, **FLAGS, **flags}


KNOWN = (
    token("<|bos|>", BOS),
    token("<|eos|>", EOS),
    token("<|endoftext|>", PAD),
    token("<tool_call>", TOOL, special=False),
    token("<|im_start|>", START),
    token("<|im_end|>", END),
)


def added(*tokens: dict[str, Any]) -> Step:
    """These tokens are added in tokenizer.json."""
    return tokenizer(lambda data: data["added_tokens"].extend(tokens))


def listed(*tokens: dict[str, Any]) -> Step:
    """These tokens are all that tokenizer_config.json lists."""
    return settings(
        added_tokens_decoder={
            str(entry["id"]): {name: value for name, value in entry.items() if name != "id"}
            for entry in tokens
        }
    )


def declared(*tokens: dict[str, Any]) -> Step:
    """These tokens are added in tokenizer_config.json, which lists all others too."""
    return listed(*KNOWN, *tokens)


def processor(value: Any) -> Step:
    """The post-processor of tokenizer.json."""
    return tokenizer(lambda data: data.update(post_processor=value))


def template(*parts: int | str) -> dict[str, Any]:
    """A TemplateProcessing of special tokens, by text, around the text."""
    names = {BOS: "<|bos|>", EOS: "<|eos|>"}

    def pieces(sequence: str) -> list[dict[str, Any]]:
        return [
            {"Sequence": {"id": sequence, "type_id": 0}}
            if part == "text"
            else {"SpecialToken": {"id": names[int(part)], "type_id": 0}}
            for part in parts
        ]

    tokens = {
        text: {"id": text, "ids": [number], "tokens": [text]} for number, text in names.items()
    }
    both = pieces("A") + pieces("B")
    return {
        "type": "TemplateProcessing",
        "single": pieces("A"),
        "pair": both,
        "special_tokens": tokens,
    }


BYTES = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    """A text of the vocabulary becomes another one."""

    def change(data: dict[str, Any]) -> None:
        data["model"]["vocab"][new] = data["model"]["vocab"].pop(old)

    return change


BEGUN = "{{ bos_token }}" + CHATML
LAST = token("<|last|>", FIRST_FREE)
CASES = (
    Case("tokens: added in tokenizer.json alone", LLAMA, (added(LAST),)),
    Case("tokens: added in tokenizer_config.json alone", QWEN2, (declared(LAST),)),
    Case("tokens: added in both", QWEN3, (added(LAST), declared(LAST))),
    Case(
        "tokens: added by a list of names",
        LLAMA,
        (settings(additional_special_tokens=["<|last|>", "<|im_end|>"]),),
    ),
    Case(
        "tokens: added by extra_special_tokens",
        QWEN2,
        (settings(extra_special_tokens=["<|last|>"]),),
    ),
    Case(
        "tokens: added in added_tokens.json beside tokenizer.model",
        PIECE_LLAMA,
        (file("added_tokens.json", '{"<|last|>": 900}'),),
    ),
    Case(
        "tokens: two lists beside tokenizer.model",
        PIECE_LLAMA,
        (
            file("added_tokens.json", '{"<|last|>": 900, "<|next|>": 901}'),
            listed(token("<|next|>", 901)),
        ),
    ),
    Case(
        "tokens: one id for two texts",
        LLAMA,
        (added(token("<|last|>", END)),),
        refused("tokenizer.json", "<|last|>"),
    ),
    Case(
        "tokens: an id is left out",
        LLAMA,
        (added(token("<|last|>", FIRST_FREE + 1)),),
        refused("tokenizer.json", "<|last|>"),
    ),
    Case(
        "tokens: padding beyond the embedding",
        PIECE_LLAMA,
        (settings(pad_token="[PAD]"), file("added_tokens.json", '{"[PAD]": 960}')),
    ),
    Case(
        "tokens: padding beyond the embedding in tokenizer.json",
        LLAMA,
        (
            added(*(token(f"<|{n}|>", n) for n in range(FIRST_FREE, ROWS)), token("[PAD]", ROWS)),
            settings(pad_token="[PAD]"),
        ),
    ),
    Case(
        "tokens: unused ones beyond the embedding",
        QWEN2,
        (added(*(token(f"<|{n}|>", n) for n in range(FIRST_FREE, ROWS + 3))),),
    ),
    Case(
        "tokens: the template's beyond the embedding",
        QWEN2,
        (
            added(*(token(f"<|{n}|>", n) for n in range(FIRST_FREE, ROWS + 1))),
            settings(chat_template=f"<|{ROWS}|>" + CHATML),
        ),
        refused(f"<|{ROWS}|>", str(ROWS)),
    ),
    Case(
        "tokens: a NUL in one",
        LLAMA,
        (added(token("<|a\0b|>", FIRST_FREE)),),
        refused("tokenizer.json"),
    ),
    Case("tokens: an empty one", LLAMA, (added(token("", FIRST_FREE)),)),
    Case("tokens: white space as one", LLAMA, (added(token("\n\n\n", FIRST_FREE, special=False)),)),
    Case(
        "tokens: an accent in one", QWEN2, (added(token("<réponse>", FIRST_FREE, special=False)),)
    ),
    Case(
        "tokens: one that is normalized",
        LLAMA,
        (added(token("<|last|>", FIRST_FREE, normalized=True)),),
    ),
    Case(
        "tokens: one text twice in the vocabulary's lists",
        LLAMA,
        (added(token("<|im_end|>", FIRST_FREE)),),
        refused("tokenizer.json", "<|im_end|>"),
    ),
    Case("tokens: more rows than tokens", QWEN2, model={"vocab_size": 600}),
    Case("tokens: as many rows as tokens", LLAMA, model={"vocab_size": 423}),
    Case(
        "tokens: fewer rows than tokens",
        LLAMA,
        right=refused("vocab_size", "300"),
        model={"vocab_size": 300},
    ),
    Case(
        "tokens: Llama's own class",
        LLAMA,
        (settings(tokenizer_class="LlamaTokenizerFast"),),
        Converts(),
    ),
    Case("tokens: no class", QWEN3, (settings(tokenizer_class=None),)),
    Case(
        "tokens: no settings at all",
        METASPACE,
        (file("tokenizer_config.json", "{}"),),
        Converts(prompts=False),
    ),
    Case(
        "tokens: bos by the processor",
        QWEN2,
        (processor(template(BOS, "text")), settings(chat_template=BEGUN)),
    ),
    Case(
        "tokens: a processor that adds two",
        LLAMA,
        (processor(template(BOS, BOS, "text")),),
        Converts(notes=("llama.cpp can add '<|bos|>': a plain text",), around=False),
    ),
    Case("tokens: bos and eos by the processor", LLAMA, (processor(template(BOS, "text", EOS)),)),
    Case("tokens: eos by the processor", QWEN3, (processor(template("text", EOS)),)),
    Case("tokens: no processor", LLAMA, (processor(None), settings(chat_template=CHATML))),
    Case(
        "tokens: processors in a row",
        LLAMA,
        (processor({"type": "Sequence", "processors": [BYTES, template(BOS, "text")]}),),
    ),
    Case("tokens: bytes by the processor", QWEN3, (processor(BYTES),)),
    Case(
        "tokens: add_bos_token off",
        PIECE_LLAMA,
        (settings(add_bos_token=False),),
        Converts(prompts=False),
    ),
    Case("tokens: add_eos_token on", PIECE_LLAMA, (settings(add_eos_token=True),)),
    Case("tokens: add_bos_token null", MISTRAL, (settings(add_bos_token=None),)),
    Case("tokens: add_bos_token off beside a processor", QWEN2, (settings(add_bos_token=False),)),
    Case(
        "tokens: special ones as objects",
        LLAMA,
        (
            fields(
                "special_tokens_map.json", eos_token=token("<|im_end|>", END), bos_token="<|bos|>"
            ),
        ),
    ),
    Case(
        "tokens: ids in config.json that disagree",
        LLAMA,
        (config(bos_token_id=5, pad_token_id=-1),),
    ),
    Case(
        "tokens: Phi-3's, in a model that is called so and has another tokenizer",
        LLAMA,
        (added(*(token(text, FIRST_FREE + n) for n, text in enumerate(("<s>", "</s>", "<unk>")))),),
        Converts(notes=("is written as 'Phi 3 Tutor'",)),
        folder="phi3-tutor",
    ),
    Case(
        "tokens: a text lost from the vocabulary",
        LLAMA,
        (tokenizer(renamed("Ġt", "Ġq")),),
        refused("tokenizer.json", "merges"),
    ),
)
