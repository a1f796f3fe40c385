"""What is asked to become of a GGUF file's metadata, checked against what is there.

A key keeps the type that it has; a new one is a text, or of the type that its name is given with,
as in general.sampling.top_k:int32=40. What describes the tensors or the vocabulary, or how the file
was made, is not changed here: it would no longer be true.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llmq.errors import GgufError
from llmq.files.gguf import SCALAR_IDS, GgufFile, Metadata, MetaValue
from llmq.spelling import did_you_mean

MAX_TEXT_BYTES = 1 << 24
TYPED = re.compile(r"(?P<key>[\w./-]+)(?::(?P<kind>\w+))?")
KINDS = ("string", "bool", *SCALAR_IDS)
# Keys that must stay, by how they begin, and why.
FIXED: Mapping[str, str] = {
    "general.architecture": "the tensors are of this one",
    "general.alignment": "the tensors lie so",
    "general.file_type": "the tensors' types follow from it",
    "general.quantization_version": "the tensors are stored so",
    "general.type": "it says what kind of file this is",
    "split.": "it says which part of a model this is",
    "GGUF.": "it describes the file",
    "llmq.": "it says how the file was made",
    "quantize.": "it says how the file was made",
    "tokenizer.ggml.tokens": "it is the vocabulary",
    "tokenizer.ggml.token_type": "it is the vocabulary",
    "tokenizer.ggml.scores": "it is the vocabulary",
    "tokenizer.ggml.merges": "it is the vocabulary",
}

SHAPES = "the shapes of the tensors follow from it"
SIZES = (
    "block_count", "embedding_length", "feed_forward_length", "head_count", "head_count_kv",
    "key_length", "value_length", "expert_count", "vocab_size",
)  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """What becomes of one key; None where it is not there before, or not afterwards."""

    key: str
    before: MetaValue | None
    after: MetaValue | None


def edits_of(file: GgufFile, given: Sequence[str], *, remove: bool = False) -> list[Edit]:
    """What KEY=VALUE (with `remove`, KEY) asks for, in order.

    A value that begins with @ is the text of the file that is named then. Raises `GgufError` for a
    key that must stay or is not there, and for a value that its type cannot hold.
    """
    parts = file.metadata.get("split.count")
    if isinstance(parts, np.integer) and parts > 1:
        raise GgufError(
            f"{file.path}: is one part of a split model; convert the original once more without"
            " --split-max-size, and change that file"
        )
    edits = [_removed(file, text) if remove else _set(file, text) for text in given]
    keys = [edit.key for edit in edits]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        raise GgufError(f"{file.path}: {twice} is named twice; name it once")
    return edits


def _removed(file: GgufFile, key: str) -> Edit:
    _check_free(file, key)
    if key not in file.metadata:
        hint = did_you_mean(key, file.metadata, otherwise="llmq metadata FILE shows its keys")
        raise GgufError(f"{file.path}: has no key {key!r}; {hint}")
    return Edit(key, file.metadata[key], None)


def _set(file: GgufFile, text: str) -> Edit:
    name, equals, value = text.partition("=")
    match = TYPED.fullmatch(name)
    if not equals or match is None:
        raise GgufError(f"{text!r:.80} is not KEY=VALUE, such as general.name=My tutor")
    key, kind = match["key"], match["kind"]
    _check_free(file, key)
    before = file.metadata.get(key)
    if kind and kind not in KINDS:
        hint = did_you_mean(kind, KINDS, otherwise=f"known are {', '.join(KINDS)}")
        raise GgufError(f"{key}: there is no type {kind!r}; {hint}")
    if before is not None and kind and kind != _kind(before):
        raise GgufError(f"{key}: is of the type {_kind(before)}, not {kind}; leave the type out")
    after = _value(key, kind or _kind(before), value)
    tokens = file.metadata.get("tokenizer.ggml.tokens")
    if (
        key.endswith("_token_id")
        and isinstance(after, np.integer)
        and isinstance(tokens, list)
        and not 0 <= int(after) < len(tokens)
    ):
        raise GgufError(f"{key}: {after} is no token; there are 0 to {len(tokens) - 1}")
    return Edit(key, before, after)


def _check_free(file: GgufFile, key: str) -> None:
    reasons = [why for start, why in FIXED.items() if key.startswith(start)]
    if key.startswith(f"{file.metadata.get('general.architecture')}.") and key.endswith(SIZES):
        reasons = [SHAPES]
    if reasons:
        raise GgufError(f"{file.path}: {key} stays as it is: {reasons[0]}")


def _kind(value: MetaValue | None) -> str:
    """The type of a value, as it is named on the command line; a text's where there is none."""
    if value is None or isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "strings"
    return value.dtype.name if isinstance(value, np.generic) else "array"


def _value(key: str, kind: str, text: str) -> MetaValue:
    """`text` as a value of this type."""
    if kind == "string":
        return _from_file(key, Path(text[1:])) if text.startswith("@") else text
    if kind == "strings":
        return [item.strip() for item in text.split(",")]
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in SCALAR_IDS:
        return _number(key, np.dtype(kind), text)
    if kind == "array":
        raise GgufError(f"{key}: is an array of numbers, which is not set here")
    raise GgufError(f"{key}: {text!r:.40} is not true or false")


def _number(key: str, dtype: "np.dtype[np.generic]", text: str) -> np.generic:
    try:
        value = float(text) if dtype.kind == "f" else int(text)
        with np.errstate(over="ignore"):
            number: np.generic = dtype.type(value)
        fits = bool(np.isfinite(float(value))) and bool(np.isfinite(number))
    except (ValueError, OverflowError):
        fits = False
    if not fits:
        raise GgufError(f"{key}: {text!r:.40} is no {dtype.name}, {_range(dtype)}")
    return number


def _range(dtype: "np.dtype[np.generic]") -> str:
    """What a type of numbers holds, in words."""
    if dtype.kind == "f":
        return "a number such as 0.7"
    whole = np.iinfo(dtype.name)
    return f"a whole number from {whole.min} to {whole.max}"


def _from_file(key: str, file: Path) -> str:
    try:
        if file.stat().st_size > MAX_TEXT_BYTES:
            raise GgufError(f"{key}: {file} has more than {MAX_TEXT_BYTES} bytes")
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GgufError(f"{key}: there is no file {file}, of which @ takes the text") from None
    except (OSError, UnicodeDecodeError) as error:
        raise GgufError(f"{key}: {file} cannot be read as text ({error})") from None


def edited(file: GgufFile, edits: Sequence[Edit]) -> Metadata:
    """The metadata afterwards, in the same order; new keys come last."""
    changed = file.metadata | {edit.key: edit.after for edit in edits if edit.after is not None}
    gone = {edit.key for edit in edits if edit.after is None}
    return {key: value for key, value in changed.items() if key not in gone}
