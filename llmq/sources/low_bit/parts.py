"""What a scheme is given: the tensors that one matrix consists of, and what config.json says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.errors import CheckpointError
from llmq.files.safetensors import ELEMENT_BITS, READERS, TensorRef
from llmq.files.spans import read_span
from llmq.weights import Weights

Settings = Mapping[str, Any]
"""The quantization's own part of config.json; empty where it says nothing."""

WHOLE: Mapping[str, str] = {
    "U8": "u1", "I8": "i1", "F8_E4M3": "u1", "F8_E5M2": "u1", "F8_E8M0": "u1",
    "I32": "<i4", "U32": "<u4", "I64": "<i8",
}  # fmt: skip
"""How a part is stored that is no floating-point number, or one of eight bits."""
KEPT = 6  # parts in memory: those of one matrix, whose chunks are read one after the other


@dataclass(frozen=True)
class Parts:
    """The tensors of the matrix `name` by their endings: what follows the module's name."""

    name: str
    scheme: str
    tensors: Mapping[str, TensorRef]
    settings: Settings

    def __getitem__(self, ending: str) -> TensorRef:
        """The part with this ending; `CheckpointError` where the checkpoint lacks it."""
        found = self.tensors.get(ending)
        if found is None:
            raise self.error(f"lacks its part {ending!r}; fetch the checkpoint again")
        return found

    def get(self, ending: str) -> TensorRef | None:
        """The part with this ending, if there is one."""
        return self.tensors.get(ending)

    @property
    def file(self) -> Path:
        """The file of the first part."""
        return next(iter(self.tensors.values())).file

    def error(self, what: str) -> CheckpointError:
        """The error that says `what` of this matrix."""
        return CheckpointError(f"{self.file}: {self.name!r} ({self.scheme}) {what}")


Make = Callable[[Parts], Weights]


def whole(part: TensorRef) -> NDArray[Any]:
    """All of a part: numbers of 16 and 32 bits as float32, others as they are stored.

    The parts read last stay in memory for as long as their files do not change.
    """
    try:
        status = part.file.stat()
    except OSError as error:
        raise CheckpointError(f"{part.file}: cannot be read ({error.strerror})") from None
    return _whole(part, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=KEPT)
def _whole(part: TensorRef, _: tuple[int, int]) -> NDArray[Any]:
    raw = span(part, 0, prod(part.shape) * ELEMENT_BITS[part.dtype] // 8)
    if part.dtype in WHOLE:
        return raw.view(WHOLE[part.dtype]).reshape(part.shape)
    part.readable()
    return READERS[part.dtype](raw).reshape(part.shape)


def span(part: TensorRef, start: int, stop: int) -> NDArray[np.uint8]:
    """Bytes of a part, counted from its start."""
    return read_span(
        part.file, part.offset + start, stop - start, of=part.name, error=CheckpointError
    )


def row_span(part: TensorRef, start: int, stop: int) -> NDArray[np.uint8]:
    """The bytes of rows of a part, (rows, bytes): a row is what the last dimension holds."""
    width = part.shape[-1] * ELEMENT_BITS[part.dtype] // 8
    return span(part, start * width, stop * width).reshape(-1, width)
