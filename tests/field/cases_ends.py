"""Which tokens end a reply, wherever the files say it."""

from tests.field.bases import LLAMA, METASPACE, MISTRAL, PIECE_LLAMA, QWEN2, QWEN3
from tests.field.case import Case, Converts
from tests.field.folder import config, fields, generation, gone, settings, without

NAMELESS = without("tokenizer_config.json", "eos_token")
UNSAID = without("config.json", "eos_token_id")
EOS, PAD, TOOL, START, END = 1, 2, 420, 421, 422  # of the byte-level tokenizers

CASES = (
    Case(
        "ends: a list in both configurations",
        LLAMA,
        (config(eos_token_id=[END, EOS]), generation(eos_token_id=[END, EOS])),
    ),
    Case(
        "ends: a list in generation_config.json alone",
        QWEN2,
        (config(eos_token_id=END), generation(eos_token_id=[END, PAD])),
    ),
    Case(
        "ends: a list in config.json alone",
        QWEN3,
        (config(eos_token_id=[EOS, END]), gone("generation_config.json")),
    ),
    Case("ends: in generation_config.json alone", LLAMA, (NAMELESS, UNSAID)),
    Case(
        "ends: a list of one and no eos_token",
        LLAMA,
        (NAMELESS, UNSAID, generation(eos_token_id=[3])),
    ),
    Case(
        "ends: the same token twice",
        QWEN2,
        (config(eos_token_id=[END, END]), generation(eos_token_id=[END, END, EOS])),
    ),
    Case("ends: more than there are keys", LLAMA, (generation(eos_token_id=[0, 1, 2, 420, 421]),)),
    Case(
        "ends: the template's own mark",
        LLAMA,
        (settings(eos_token="<|eos|>"), config(eos_token_id=EOS), generation(eos_token_id=EOS)),
        Converts(ends=("<|im_end|>",)),
    ),
    Case(
        "ends: a base model's eos under a chat's template",
        QWEN2,
        (
            settings(eos_token="<|endoftext|>"),
            config(eos_token_id=PAD),
            generation(eos_token_id=PAD),
        ),
        Converts(ends=("<|im_end|>",)),
    ),
    Case("ends: an id beyond the vocabulary", LLAMA, (generation(eos_token_id=[END, 99999]),)),
    Case("ends: an empty list", QWEN2, (config(eos_token_id=[]), generation(eos_token_id=[]))),
    Case("ends: null", QWEN2, (config(eos_token_id=None), generation(eos_token_id=None))),
    Case("ends: the padding token too", LLAMA, (settings(pad_token="<|im_end|>"),)),
    Case(
        "ends: a mark of SentencePiece that is no eos",
        PIECE_LLAMA,
        (generation(eos_token_id=[2, 3]),),
    ),
    Case(
        "ends: eos as an object",
        METASPACE,
        (settings(eos_token={"__type": "AddedToken", "content": "</s>"}),),
    ),
    Case(
        "ends: eos in special_tokens_map.json alone",
        MISTRAL,
        (
            NAMELESS,
            UNSAID,
            gone("generation_config.json"),
            fields("special_tokens_map.json", eos_token="</s>"),
        ),
        Converts(ends=("</s>",)),
    ),
)
