"""Whether a file is whole, and of the model that it is held against.

Everything else that the gate measures takes this for granted. What is asked, in order:

base unquantized     by its header and by the types of its matrices; otherwise it is wrong input
tensor hashes        the bytes are those that were written (`llmq.tensor_hashes`)
tensors              names and shapes
settings, vocabulary, special tokens     what the headers say (same_header.py)
loads and computes   llama.cpp in a process of its own (`llmq.load_check`)
chat template, tokens of texts, end tokens     what llama.cpp makes of texts (same_text.py)

A converter's mistake that changes weights alone (a rope permutation left out, two layers swapped)
is whole in this sense; it shows in what the model says.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from llmq.errors import GgufError, LlmqError
from llmq.files.gguf import GgufFile, open_gguf
from llmq.load_check import REMEDY, check_loads
from llmq.tensor_hashes import check_hashes
from llmq_eval.gate.evidence import Axis, Check, CheckStatus
from llmq_eval.gate.same_header import header_checks, tensors_of
from llmq_eval.gate.same_text import TEXT_CHECKS, text_checks

AXIS: Axis = "integrity"
UNQUANTIZED, HASHES = "base unquantized", "tensor hashes"
# general.file_type (enum llama_ftype in llama.h) and tensor types that keep what was trained.
FULL_FILE_TYPES = {0: "F32", 1: "F16", 32: "BF16"}
FULL_TYPES = ("F32", "F16", "BF16", "F64")


def integrity_checks(
    base: Path, quant: Path, *, allow_quantized: bool = False
) -> tuple[Check, ...]:
    """All checks of `quant`, a GGUF file, beside `base`; none is left out, some may be skipped.

    Raises a child of LlmqError where the two cannot be compared at all: no GGUF file, another
    architecture, another number of tokens, no chat template and, unless `allow_quantized`, a base
    that is quantized.
    """
    files = open_gguf(base), open_gguf(quant)
    found = [_unquantized(files[0], allow=allow_quantized)]
    if damaged := check_hashes(base).damaged:
        raise GgufError(f"{base}: {_few(damaged)} are damaged; copy or convert the base again")
    found.append(_hashes(quant))
    found += header_checks(*files)
    found.append(loads := _loads(quant))
    if loads.status == "pass":
        found += text_checks(base, quant)
    else:
        found += [Check(AXIS, name, "skipped", "llama.cpp cannot open it") for name in TEXT_CHECKS]
    return tuple(found)


def _unquantized(file: GgufFile, *, allow: bool) -> Check:
    """The base, by what it says of itself; codes that a checkpoint was published in are its own."""
    name, own = UNQUANTIZED, file.metadata.get("llmq.source.format")
    coded = sorted({t.type_name for t in tensors_of(file).values()} - set(FULL_TYPES))
    stated = file.metadata.get("general.file_type", np.uint32(0))
    said = FULL_FILE_TYPES.get(int(stated)) if isinstance(stated, np.integer) else None
    if not coded and said:
        return Check(AXIS, name, "pass", f"{said} by its header and in its matrices")
    if own and file.metadata.get("llmq.encoder") == "stored":
        return Check(AXIS, name, "pass", f"{', '.join(coded)}: the checkpoint's own codes ({own})")
    what = f"holds {', '.join(coded)}" if coded else "says so in general.file_type"
    if allow:
        return Check(AXIS, name, "skipped", f"it is quantized itself ({what}), which was allowed")
    raise GgufError(
        f"{file.path}: the base is quantized itself ({what}); name the original, its folder or its file of"
        " 16 or 32 bits"
    )


def _hashes(quant: Path) -> Check:
    check = check_hashes(quant)
    if check.unknown:
        return Check(AXIS, HASHES, "skipped", check.unknown)
    ok, wrong = f"all {check.n_tensors} tensors are as they were written", ""
    if check.damaged:
        wrong = f"not as they were written: {_few(check.damaged)} of {check.n_tensors} tensors"
    return Check(AXIS, HASHES, _status(wrong), wrong or ok)


def _loads(quant: Path) -> Check:
    name = "loads and computes"
    try:
        check_loads(quant, name=quant.name)
    except LlmqError as error:
        return Check(AXIS, name, "fail", str(error).removesuffix(f"; {REMEDY}"))
    return Check(AXIS, name, "pass", "llama.cpp opens it and computes numbers")


def _status(wrong: str) -> CheckStatus:
    return "fail" if wrong else "pass"


def _few(names: Iterable[str], n: int = 3) -> str:
    """Some names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - n} more" if listed[n:] else ""
    return ", ".join(listed[:n]) + more
