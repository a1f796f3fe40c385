"""Whether two headers speak of one model: its tensors, its settings, its vocabulary.

Files of the two sides may come from different programs, so a key that one of them leaves out is no
difference where llama.cpp then takes what the other says (`OPTIONAL`), nor where the difference
would show in the checks of texts (the keys of the tokenizer).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from llmq.errors import ModelError, one_line
from llmq.files.gguf import GgufFile, TensorInfo, open_gguf
from llmq.files.parts import parts_of
from llmq_eval.gate.evidence import Check

TOKENS = "tokenizer.ggml.tokens"
# Tensors that a file may have or not: a tied output matrix that is stored twice.
OPTIONAL_TENSORS = ("output.weight",)
# Settings that a file may leave out, by how their names end, and what llama.cpp takes then
# (`llama_model_base::load_hparams`); None: what fits the tensors, or it does not open the file.
DEFAULTS: Mapping[str, float | None] = {
    "vocab_size": None,
    "attention.key_length": None,
    "attention.value_length": None,
    "attention.head_count_kv": None,
    "rope.freq_base": 10000.0,
    "rope.scaling.attn_factor": 1.0,
}
TOKENIZER = r"tokenizer\.ggml\."


class Part(NamedTuple):
    """A check of the keys that match `pattern`; either side may leave out those of `optional`."""

    name: str
    pattern: str
    optional: str
    same: str


PARTS = (
    Part(
        "settings",
        r"{architecture}\..*",
        "",
        "context, rope and all other settings are the base's",
    ),
    Part(
        "vocabulary",
        TOKENIZER + "(model|pre|tokens|token_type|scores|merges|precompiled_charsmap)",
        TOKENIZER + "pre",
        "the tokens, their kinds and their merges are the base's",
    ),
    Part(
        "special tokens",
        TOKENIZER + r"(\w+_token_id|add_\w+|remove_extra_whitespaces)|llmq\.end_token_ids",
        ".*",
        "the ids of special tokens are the base's",
    ),
)


def header_checks(base: GgufFile, quant: GgufFile) -> list[Check]:
    """What the headers say. Raises ModelError for files that are of no common model."""
    architecture = _comparable(base, quant)
    found = [_tensors(base, quant)]
    for part in PARTS:
        pattern = part.pattern.replace("{architecture}", re.escape(architecture))
        wrong = list(_unlike(base.metadata, quant.metadata, part._replace(pattern=pattern)))
        more = f" and {len(wrong) - 1} more" if wrong[1:] else ""
        words = wrong[0] + more if wrong else part.same
        found.append(Check("integrity", part.name, "fail" if wrong else "pass", words))
    return found


def tensors_of(file: GgufFile) -> dict[str, TensorInfo]:
    """The tensors of a file, or of all parts of a split one, by name."""
    parts = [file, *(open_gguf(part) for part in parts_of(file.path) if part != file.path)]
    return {tensor.name: tensor for part in parts for tensor in part.tensors}


def _comparable(base: GgufFile, quant: GgufFile) -> str:
    """The common architecture, of vocabularies of one size."""
    both = f"{base.path} and {quant.path} are not of one model"
    kinds = [file.metadata.get("general.architecture") for file in (base, quant)]
    if kinds[0] != kinds[1]:
        raise ModelError(
            f"{both} ({_shown(kinds[0])} and {_shown(kinds[1])}); name the file's original"
        )
    lists = [file.metadata.get(TOKENS) for file in (base, quant)]
    sizes = [len(tokens) if isinstance(tokens, list) else 0 for tokens in lists]
    if sizes[0] != sizes[1]:
        raise ModelError(
            f"{both} ({sizes[0]} and {sizes[1]} tokens in the vocabulary); name the file's original"
        )
    return str(kinds[0])


def _tensors(base: GgufFile, quant: GgufFile) -> Check:
    ours, theirs = ({n: t.shape for n, t in tensors_of(file).items()} for file in (base, quant))
    unlike = [
        name
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
        and not (name in OPTIONAL_TENSORS and None in (ours.get(name), theirs.get(name)))
    ]
    if not unlike:
        words = f"the names and shapes of {len(theirs)} tensors are the base's"
        return Check("integrity", "tensors", "pass", words)
    name = unlike[0]
    words = (
        f"{name!r}: {_shape(ours.get(name))} in the base, {_shape(theirs.get(name))} in the file"
    )
    more = f" and {len(unlike) - 1} more" if unlike[1:] else ""
    return Check("integrity", "tensors", "fail", words + more)


def _shape(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else " x ".join(map(str, shape))


def _unlike(base: Mapping[str, Any], quant: Mapping[str, Any], part: Part) -> Iterable[str]:
    """A line for each key that differs."""
    for key in {**base, **quant}:
        if re.fullmatch(part.pattern, key):
            ours, theirs = (_plain(side.get(key)) for side in (base, quant))
            if ours != theirs and not _left_out(key, ours, theirs, part.optional):
                yield f"{key}: {_difference(ours, theirs)}"


def _left_out(key: str, ours: Any, theirs: Any, optional: str) -> bool:
    """Whether one side leaves the key out, and means the same."""
    if None not in (ours, theirs):
        return False
    if re.fullmatch(optional, key):
        return True
    ending = next((ending for ending in DEFAULTS if key.endswith(f".{ending}")), None)
    stated = theirs if ours is None else ours
    return ending is not None and DEFAULTS[ending] in (None, stated)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _difference(base: Any, quant: Any) -> str:
    """Two values; of two lists the first items that differ."""
    where = ""
    if isinstance(base, list) and isinstance(quant, list):
        if len(base) != len(quant):
            return f"{len(base)} values in the base, {len(quant)} in the file"
        index = next(
            i for i, pair in enumerate(zip(base, quant, strict=True)) if pair[0] != pair[1]
        )
        where, base, quant = f"value {index}: ", base[index], quant[index]
    return f"{where}{_shown(base)} in the base, {_shown(quant)} in the file"


def _shown(value: Any) -> str:
    return "nothing" if value is None else one_line(repr(_plain(value)), 60)
