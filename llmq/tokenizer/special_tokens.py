"""Which tokens are special and which are added to a text by themselves.

The rules are those of gguf-py's SpecialVocab (gguf/vocab.py): first the post-processor of
tokenizer.json, then tokenizer_config.json, then config.json.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from llmq.files.gguf import Metadata
from llmq.tokenizer.folder import KINDS, TokenizerFolder, token_text
from llmq.tokenizer.json_values import as_list, as_object

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
ADD_KEYS = {kind: f"tokenizer.ggml.add_{kind}_token" for kind in ("bos", "eos", "sep")}


def special_token_metadata(folder: TokenizerFolder, texts: Sequence[str]) -> Metadata:
    """Ids, then flags; `texts` is the finished table of tokens."""
    names = {kind: token_text(folder.tokenizer_config.get(f"{kind}_token")) for kind in KINDS}
    flags: dict[str, bool] = {}
    if folder.tokenizer:
        names["bos"] = names["bos"] or names["cls"]
        names["eos"] = names["eos"] or names["sep"]
        flags = _post_processor_flags(folder, names)
    for kind in names:
        value = folder.tokenizer_config.get(f"add_{kind}_token")
        if isinstance(value, bool):
            flags.setdefault(kind, value)
    ids = _special_ids(folder, names, texts)
    keys: Metadata = {ID_KEYS[kind]: np.uint32(ids[kind]) for kind in ids if kind in ID_KEYS}
    return keys | {ADD_KEYS[kind]: flags[kind] for kind in flags if kind in ADD_KEYS}


def _special_ids(
    folder: TokenizerFolder, names: Mapping[str, str | None], texts: Sequence[str]
) -> dict[str, int]:
    """Kind -> id. What none of the three files tells about bos and eos is looked for further."""
    added = {token.text: token.id for token in reversed(folder.json_added_tokens)}
    by_text = {text: number for number, text in enumerate(texts)}
    inner = folder.config.get("text_config")
    config = {**(inner if isinstance(inner, dict) else {}), **folder.config}
    ids: dict[str, int] = {}
    for kind, text in names.items() if folder.tokenizer_config else ():
        _keep(ids, kind, added.get(text or ""), len(texts))
    for kind in names:
        _keep(ids, kind, config.get(f"{kind}_token_id"), len(texts))
    for kind in ("bos", "eos"):
        mapped = token_text(folder.special_tokens_map.get(f"{kind}_token"))
        _keep(ids, kind, by_text.get(names[kind] or mapped or ""), len(texts))
        _keep(ids, kind, folder.generation_config.get(f"{kind}_token_id"), len(texts))
    return ids


def _keep(ids: dict[str, int], kind: str, value: object, n_tokens: int) -> None:
    """The first usable id wins; lists, null, -1 and ids without a token are no id."""
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < n_tokens
    if usable and kind not in ids:
        ids[kind] = int(value)  # type: ignore[call-overload]  # an int, seen above


def _post_processor_flags(folder: TokenizerFolder, names: dict[str, str | None]) -> dict[str, bool]:
    """What the post-processor adds; `names` learns the special tokens that only it names."""
    where = folder.where("tokenizer.json", "post_processor")
    flags: dict[str, bool] = {}
    if folder.tokenizer.get("post_processor") is None:
        return flags
    outer = as_object(folder.tokenizer["post_processor"], where)
    for entry in as_list(outer.get("processors", [outer]), where):
        processor = as_object(entry, where)
        match processor.get("type"):
            case "ByteLevel":
                flags.setdefault("bos", False)
                flags.setdefault("eos", False)
            case "RobertaProcessing":
                flags |= {"bos": True, "eos": True, "sep": True}
                for kind, twin in (("cls", "bos"), ("sep", "eos")):
                    pair = processor.get(kind)
                    own = pair[0] if isinstance(pair, list) and pair else names[twin]
                    names[kind] = names[kind] or (own if isinstance(own, str) else None)
            case "TemplateProcessing":
                _template_flags(processor, names, flags, where)
    return flags


def _template_flags(
    processor: Mapping[str, Any], names: dict[str, str | None], flags: dict[str, bool], where: str
) -> None:
    """A template such as "<s> $A </s>": what stands before and behind the text is added to it."""
    single = [as_object(p, where) for p in as_list(processor.get("single", []), where)]
    pair = [as_object(p, where) for p in as_list(processor.get("pair", []), where)]
    first = last = None
    if len(single) > 1:
        first, last = _special(single[0]), _special(single[-1])
    if first:
        names["bos"] = names["bos"] or first
        names["cls"] = names["cls"] or first
        flags["bos"] = first in (names["bos"], names["cls"])
    if last:
        if names["eos"] not in (None, last):  # the named one ends a turn, this one a text
            kind = "eot" if "eot" not in names else "eom"
            names[kind] = names["eos"]
        names["eos"] = last
        flags["eos"] = True
    if pair and first and _special(pair[0]) == first:
        pair = pair[1:]
    if pair and last and _special(pair[-1]) == last:
        pair = pair[:-1]
    if len(pair) > 2 and _sequence(pair[0]) == "A" and _sequence(pair[-1]) == "B":
        between = [_special(part) for part in pair[1:-1]]
        separates = [text is not None and text in (names["sep"], names["eos"]) for text in between]
        flags["sep"] = (separates[0] and not last) or (len(between) == 2 and separates[1])
        if flags["sep"]:
            names["sep"] = names["sep"] or names["eos"]


def _special(part: Mapping[str, Any]) -> str | None:
    entry = part.get("SpecialToken")
    text = entry.get("id") if isinstance(entry, dict) else None
    return text if isinstance(text, str) and text else None


def _sequence(part: Mapping[str, Any]) -> object:
    entry = part.get("Sequence")
    return entry.get("id") if isinstance(entry, dict) else None
