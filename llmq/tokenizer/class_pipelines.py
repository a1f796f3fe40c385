"""A tokenizer.json as transformers reads it: some of its classes lay their own pipeline over it.

Whoever holds a converted file against its tokenizer.json needs that pipeline, not the file's
(`TokenizerFolder.class_pipeline` says whose it is).
"""

from pathlib import Path
from typing import Any

from llmq.tokenizer.byte_tokens import missing_bytes
from llmq.tokenizer.choice import model_in_use
from llmq.tokenizer.folder import LLAMA, TokenizerFolder, open_folder, optional_json
from llmq.tokenizer.metaspace import is_metaspace
from llmq.tokenizer.pre_tokenizer_table import QWEN2
from llmq.tokenizer.vocabulary import PIECE_SPACE, Token, TokenType

BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
SPLIT = {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": False}
# name of the pipeline -> normalizer and pre-tokenizer, as tokenizer.json spells them
BYTE_LEVEL: dict[str, tuple[Any, Any]] = {
    "gpt-2": (None, BYTES | {"use_regex": True}),
    "qwen2": ({"type": "NFC"}, {"type": "Sequence", "pretokenizers": [SPLIT, BYTES]}),
}


def tokenizer_in_use(folder: Path) -> dict[str, Any] | None:
    """The tokenizer.json of a model folder with the pipeline that counts.

    None where it is not what a file made of the folder holds: there is none, a tokenizer.model
    counts instead, or the file has byte tokens that the vocabulary lacks.
    """
    files = open_folder(folder, optional_json(folder / "config.json"))
    model, disagreeing = model_in_use(files)
    if not files.tokenizer or (model and disagreeing):
        return None
    own = files.class_pipeline
    if is_metaspace(files):
        return _as_sentencepiece(files) if own == LLAMA else _unless_bytes_lack(files)
    if own not in BYTE_LEVEL:
        return dict(files.tokenizer)
    normalizer, steps = BYTE_LEVEL[own]
    return {**files.tokenizer, "normalizer": normalizer, "pre_tokenizer": steps}


def _as_sentencepiece(files: TokenizerFolder) -> dict[str, Any] | None:
    scheme = "never" if files.add_prefix_space is False else "first"
    steps = {
        "type": "Metaspace",
        "replacement": PIECE_SPACE,
        "prepend_scheme": scheme,
        "split": False,
    }
    plain = _unless_bytes_lack(files)
    return plain and {**plain, "normalizer": None, "pre_tokenizer": steps}


def _unless_bytes_lack(files: TokenizerFolder) -> dict[str, Any] | None:
    vocab = files.tokenizer["model"]["vocab"]
    tokens = {number: Token(text, TokenType.NORMAL) for number, text in enumerate(vocab)}
    return None if missing_bytes(tokens) else dict(files.tokenizer)
