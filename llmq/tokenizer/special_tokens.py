"""Which tokens are special and which are added to a text by themselves.

The rules for ids are those of gguf-py's SpecialVocab (gguf/vocab.py): first the post-processor of
tokenizer.json, then tokenizer_config.json, then config.json. What is added is what transformers
adds: where there is a tokenizer.json, its post-processor alone decides (_from_pretrained in
tokenization_utils_base.py drops `add_bos_token` and `add_eos_token` then).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from llmq.files.gguf import Metadata
from llmq.tokenizer.class_pipelines import GEMMA, LLAMA
from llmq.tokenizer.folder import KINDS, TokenizerFolder, token_text
from llmq.tokenizer.post_processor import Special, post_processed
from llmq.tokenizer.vocabulary import NotedKeys

ID_KEYS = {
    "bos": "tokenizer.ggml.bos_token_id",
    "eos": "tokenizer.ggml.eos_token_id",
    "unk": "tokenizer.ggml.unknown_token_id",
    "sep": "tokenizer.ggml.seperator_token_id",  # spelled so in GGUF
    "pad": "tokenizer.ggml.padding_token_id",
    "mask": "tokenizer.ggml.mask_token_id",
    "eot": "tokenizer.ggml.eot_token_id",
    "eom": "tokenizer.ggml.eom_token_id",
}
TEXT_ENDS = ("bos", "eos")
# What transformers' classes take, by their pipeline, where a folder names no others.
CLASS_NAMES: Mapping[str, Mapping[str, str]] = {
    LLAMA: {"bos": "<s>", "eos": "</s>"},
    GEMMA: {"bos": "<bos>", "eos": "<eos>"},
    "gpt-2": {"bos": "<|endoftext|>", "eos": "<|endoftext|>"},
    "qwen2": {"eos": "<|endoftext|>"},
    "qwen35": {"eos": "<|endoftext|>"},
}
ADD_KEYS = {kind: f"tokenizer.ggml.add_{kind}_token" for kind in ("bos", "eos", "sep")}


def special_token_metadata(folder: TokenizerFolder, tokens: Sequence[str]) -> NotedKeys:
    """Ids, then flags; `tokens` is the finished table of tokens."""
    texts = {kind: token_text(folder.tokenizer_config.get(f"{kind}_token")) for kind in KINDS}
    special = Special(texts, {})
    if folder.tokenizer:
        texts["bos"] = texts["bos"] or texts["cls"]
        texts["eos"] = texts["eos"] or texts["sep"]
        special = post_processed(folder, texts)
    texts, added = special.texts, special.added
    ids = _special_ids(folder, texts, tokens)
    for kind in texts:
        value = folder.tokenizer_config.get(f"add_{kind}_token")
        if isinstance(value, bool):
            added.setdefault(kind, value and not folder.tokenizer and not _is_none(folder, kind))
    added.setdefault("bos", False)  # llama.cpp would guess
    added = {kind: adds and (kind in ids or kind == "sep") for kind, adds in added.items()}
    keys: Metadata = {ID_KEYS[kind]: np.uint32(ids[kind]) for kind in ids if kind in ID_KEYS}
    keys |= {ADD_KEYS[kind]: added[kind] for kind in added if kind in ADD_KEYS}
    able = tuple(tokens[ids[kind]] for kind in ("bos", "eos") if added.get(kind))
    return NotedKeys(keys, _not_added(special.around, able))


def _not_added(around: tuple[str, ...], able: tuple[str, ...]) -> tuple[str, ...]:
    """What to say where a text gets other tokens by itself than llama.cpp can add."""
    if around in ((), able):
        return ()
    wanted, given = (" and ".join(map(repr, texts)) or "none" for texts in (around, able))
    return (
        f"transformers puts {wanted} around a text, llama.cpp can add {given}: a plain text, as"
        " none of a chat is, comes out differently",
    )


def _special_ids(
    folder: TokenizerFolder, texts: Mapping[str, str | None], tokens: Sequence[str]
) -> dict[str, int]:
    """Kind -> id. What none of the three files tells about bos and eos is looked for further."""
    added = {token.text: token.id for token in reversed(folder.json_added_tokens)}
    by_text = {text: number for number, text in enumerate(tokens)}
    ids: dict[str, int] = {}
    for kind, text in texts.items():
        if text:
            _keep(ids, kind, added.get(text), len(tokens))
            _keep(ids, kind, by_text.get(text) if kind in TEXT_ENDS else None, len(tokens))
    for kind in texts:
        _keep(ids, kind, folder.config.get(f"{kind}_token_id"), len(tokens))
    names = CLASS_NAMES.get(folder.class_pipeline or ("" if folder.tokenizer else LLAMA), {})
    for kind in TEXT_ENDS:
        mapped = token_text(folder.special_tokens_map.get(f"{kind}_token"))
        _keep(ids, kind, by_text.get(mapped or ""), len(tokens))
        _keep(ids, kind, folder.generation_config.get(f"{kind}_token_id"), len(tokens))
        if not _is_none(folder, kind):
            _keep(ids, kind, by_text.get(names.get(kind, "")), len(tokens))
    return ids


def _is_none(folder: TokenizerFolder, kind: str) -> bool:
    """Whether tokenizer_config.json says that there is no such token."""
    return folder.tokenizer_config.get(f"{kind}_token", kind) is None


def _keep(ids: dict[str, int], kind: str, value: object, n_tokens: int) -> None:
    """The first usable id wins; lists, null, -1 and ids without a token are no id."""
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < n_tokens
    if usable and kind not in ids:
        ids[kind] = int(value)  # type: ignore[call-overload]  # an int, seen above
