"""Files that take their names when all of them are finished, or not at all.

One file is written under a hidden name beside its own and renamed. Of several, the parts of one
model, the first is the one that programs open: the others get their names before it, and where it
replaces an older one, that goes first, so that no program ever opens a mixture.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from llmq.files.gguf import Metadata, padded
from llmq.outputs import check_name, hidden_beside
from llmq.plan import Plan
from llmq.planned_tensor import PlannedTensor


def in_parts(plan: Plan, max_bytes: int | None) -> list[Plan]:
    """The plan of each part where a part holds at most so many bytes of tensors, or one tensor.

    As llama-gguf-split cuts (`split_strategy` in its gguf-split.cpp): tensors keep their order,
    and the metadata stand in the first part. A model that fits one part is an ordinary file.
    """
    groups: list[list[PlannedTensor]] = [[]]
    size = 0
    for tensor in plan.tensors:
        n_bytes = padded(tensor.n_bytes)
        if max_bytes is not None and groups[-1] and size + n_bytes > max_bytes:
            groups.append([])
            size = 0
        groups[-1].append(replace(tensor, offset=size))
        size += n_bytes
    if len(groups) == 1:
        return [plan]
    parts = []
    for number, tensors in enumerate(groups):
        said: Metadata = {
            "split.no": np.uint16(number),
            "split.tensors.count": np.int32(len(plan.tensors)),
            "split.count": np.uint16(len(groups)),
        }
        metadata = {**(plan.metadata if number == 0 else {}), **said}
        parts.append(replace(plan, metadata=metadata, tensors=tuple(tensors)))
    return parts


def part_names(output: Path, count: int) -> list[Path]:
    """What the parts of a model are called (`llama_split_path` in llama.cpp).

    >>> [path.name for path in part_names(Path("tutor.gguf"), 2)]
    ['tutor-00001-of-00002.gguf', 'tutor-00002-of-00002.gguf']
    """
    if count == 1:
        return [output]
    stem = output.name.removesuffix(".gguf")
    return [output.with_name(f"{stem}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]


@contextmanager
def unpublished(outputs: Sequence[Path], *, force: bool) -> Iterator[list[Path]]:
    """Where to write the outputs; they take their own names at the end, unless something fails."""
    hidden = hidden_beside(outputs[0], f".{os.getpid()}.partial")
    if len(outputs) == 1:
        partials = [hidden]
    else:
        hidden.mkdir()
        partials = [hidden / output.name for output in outputs]
    try:
        yield partials
        for output in outputs:
            check_name(output, force=force)  # another process may have been faster
        _rename(partials, outputs)
    finally:
        if len(outputs) == 1:
            hidden.unlink(missing_ok=True)
        else:
            shutil.rmtree(hidden, ignore_errors=True)


def _rename(partials: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Give all files their names, the first one last."""
    if len(outputs) > 1:
        outputs[0].unlink(missing_ok=True)
    done: list[Path] = []
    try:
        for partial, output in reversed(list(zip(partials, outputs, strict=True))):
            partial.replace(output)
            done.append(output)
    except OSError:
        for output in done:
            output.unlink(missing_ok=True)
        raise
