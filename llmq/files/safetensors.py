"""One safetensors file: its header, checked strictly, and its tensors as references.

A safetensors file is an 8-byte length, a JSON header of that length, and the tensors' bytes without
gaps. What the format's own reader tolerates is refused here as well when it would hide a mistake:
holes, overlaps, bytes behind the last tensor, a name that stands twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from llmq.errors import CheckpointError, WeightError
from llmq.files.json import parse_json_object
from llmq.files.plain import check_plain
from llmq.files.spans import read_span
from llmq.files.stand_ins import LOOKED_AT, check_no_stand_in

MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library
MAX_DIMENSIONS = 32  # so that no product of a hostile shape takes long

Rows = NDArray[np.float32]


def _from_float32(raw: NDArray[Any]) -> Rows:
    return raw.view("<f4")


def _from_float16(raw: NDArray[Any]) -> Rows:
    return raw.view("<f2").astype(np.float32)


def _from_bfloat16(raw: NDArray[Any]) -> Rows:
    """The upper half of a float32, shifted into place."""
    wide = raw.view("<u2").astype("<u4")
    wide <<= 16
    return wide.view("<f4")


READERS: Mapping[str, Callable[[NDArray[Any]], Rows]] = {
    "F32": _from_float32,
    "F16": _from_float16,
    "BF16": _from_bfloat16,
}
# Bits of an element, for every type that safetensors knows: a header is checked whole.
ELEMENT_BITS: Mapping[str, int] = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F4": 4,
    "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


@dataclass(frozen=True)
class TensorRef:
    """A tensor on disk. `offset` counts in bytes from the start of `file`; shapes are row-major."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    offset: int

    @property
    def n_columns(self) -> int:
        """The row length: the last dimension."""
        return self.shape[-1]

    @property
    def n_rows(self) -> int:
        """The product of all dimensions but the last."""
        return prod(self.shape[:-1])

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32 of shape (stop - start, n_columns)."""
        return READERS[self.dtype](self.raw(start, stop)).reshape(stop - start, self.n_columns)

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows `start` to `stop`, as they are stored."""
        row_bytes = self.n_columns * ELEMENT_BITS[self.dtype] // 8
        position, n_bytes = self.offset + start * row_bytes, (stop - start) * row_bytes
        return read_span(self.file, position, n_bytes, of=self.name, error=CheckpointError)

    def readable(self) -> None:
        """Raise `WeightError` where the tensor's type cannot be read as float32."""
        if self.dtype not in READERS:
            known = ", ".join(READERS)
            raise WeightError(
                f"{self.file}: the tensor {self.name!r} is {self.dtype}, and only {known} can be read;"
                " save the checkpoint in one of these"
            )


def read_header(path: Path) -> dict[str, TensorRef]:
    """The tensors of one safetensors file, in the order of their bytes."""
    check_plain(path, CheckpointError)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            check_no_stand_in(path, file.read(LOOKED_AT), CheckpointError)
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > size - 8:
                raise CheckpointError(
                    f"{path}: its header wants {length} bytes of a file of {size}; it is cut short or not safetensors"
                )
            if length > MAX_HEADER_BYTES:
                raise CheckpointError(
                    f"{path}: a header of {length} bytes is over the limit of {MAX_HEADER_BYTES}"
                )
            data = file.read(length)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    entries = parse_json_object(data, path, CheckpointError)
    entries.pop("__metadata__", None)
    spans = {name: _span(path, name, entry) for name, entry in entries.items()}
    tensors, position = {}, 0
    for name, (dtype, shape, begin, end) in sorted(spans.items(), key=lambda item: item[1][2:]):
        if begin != position:
            what = (
                "overlaps the tensor before it"
                if begin < position
                else f"leaves a hole of {begin - position} bytes before it"
            )
            raise CheckpointError(f"{path}: the tensor {name!r} {what}")
        tensors[name] = TensorRef(name, dtype, shape, path, 8 + length + begin)
        position = end
    if 8 + length + position != size:
        found = size - 8 - length
        raise CheckpointError(
            f"{path}: its tensors take {position} bytes, the file holds {found}; it is cut short or damaged"
        )
    return tensors


def _span(path: Path, name: str, entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """One header entry as (dtype, shape, begin, end), its bytes checked against its shape."""
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = (fields.get(key) for key in ("dtype", "shape", "data_offsets"))
    if (
        not _naturals(shape)
        or len(shape) > MAX_DIMENSIONS
        or not _naturals(offsets)
        or len(offsets) != 2
        or not isinstance(dtype, str)
    ):
        raise CheckpointError(f"{path}: the header entry of {name!r} is malformed")
    if dtype not in ELEMENT_BITS:
        raise CheckpointError(f"{path}: the tensor {name!r} has the unknown type {dtype!r}")
    begin, end = offsets
    if prod(shape) * ELEMENT_BITS[dtype] != (end - begin) * 8:
        raise CheckpointError(
            f"{path}: the tensor {name!r} of shape {shape} has {end - begin} bytes, which do not fit {dtype}"
        )
    return dtype, tuple(shape), begin, end


def _naturals(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(
        type(item) is int and 0 <= item < 1 << 63 for item in value
    )
