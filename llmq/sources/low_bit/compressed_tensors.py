"""compressed-tensors as llm-compressor writes it: packed integers, and signed bytes.

pack-quantized: `weight_packed` holds the codes of a row in 32-bit words, the lowest bits first,
without sign: signed = code - 2^(bits - 1). Zero points are packed likewise, down the columns.
Source: compressed_tensors/compressors/pack_quantized (`unpack_from_int32`), and `_dequantize` in
its quantization/lifecycle/forward.py, which computes in the type of the scales.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq.errors import WeightError
from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.integers import Grouped, unpacked
from llmq.sources.low_bit.made import integers
from llmq.sources.low_bit.parts import Parts, row_span, whole
from llmq.weights import Weights

PACKED, SCALE, SHAPE = ".weight_packed", ".weight_scale", ".weight_shape"
ZERO, ORDER = ".weight_zero_point", ".weight_g_idx"
INT8 = ".weight"
WORD = 32
UNUSED = -1  # in an order that was never filled in (`_process_quantization`, until 0.14)


@dataclass(frozen=True)
class PackedRows:
    """Codes of `bits` bits, packed row by row."""

    bits: int
    n_in: int
    n_rows: int
    packed: TensorRef
    scale: TensorRef
    zero: TensorRef | None
    order: TensorRef | None

    def grouped(self, start: int, stop: int) -> Grouped:
        """Rows `start` to `stop`."""
        codes = unpacked(row_span(self.packed, start, stop), self.bits)[:, : self.n_in]
        return Grouped(
            codes.astype(np.int16), scales(self.scale, start, stop), self._zeros(start, stop)
        )

    def _zeros(self, start: int, stop: int) -> NDArray[np.int16] | int:
        if self.zero is None:
            return 1 << (self.bits - 1)
        columns = np.ascontiguousarray(whole(self.zero).T)  # words down the rows, (groups, words)
        return unpacked(columns, self.bits)[:, start:stop].T.astype(np.int16)

    def group_of(self, n_in: int, groups: int) -> NDArray[np.int64] | None:
        """The group of each column where these do not follow one another, else None."""
        return None if self.order is None else group_order(self.order, n_in, groups)


@dataclass(frozen=True)
class SignedBytes:
    """Codes that are signed bytes."""

    codes: TensorRef
    scale: TensorRef
    zero: TensorRef | None = None

    def grouped(self, start: int, stop: int) -> Grouped:
        """Rows `start` to `stop`."""
        codes = row_span(self.codes, start, stop).view(np.int8)
        found = scales(self.scale, start, stop)
        zeros: NDArray[np.int16] | int = 0
        if self.zero is not None:
            zeros = np.broadcast_to(as_rows(whole(self.zero), start, stop), found.shape)
            zeros = zeros.astype(np.int16)
        return Grouped(codes.astype(np.int16), found, zeros)

    def group_of(self, n_in: int, groups: int) -> None:  # they follow one another
        """Groups follow one another."""


def scales(part: TensorRef, start: int, stop: int) -> NDArray[np.float32]:
    """The scales (stop - start, groups) of rows: one for all, one a row, or one a group."""
    found = as_rows(whole(part), start, stop)
    return np.broadcast_to(found, (stop - start, found.shape[1])).astype(np.float32)


def as_rows(values: NDArray[np.generic], start: int, stop: int) -> NDArray[np.generic]:
    """The part of `values` that belongs to rows; one value stands for all rows."""
    if values.size == 1:
        return values.reshape(1, 1)
    by_row = values.reshape(-1, 1) if values.ndim == 1 else values.reshape(-1, values.shape[-1])
    return by_row[start:stop]


def group_order(part: TensorRef, n_in: int, groups: int) -> NDArray[np.int64] | None:
    """The group of each column, as a part tells; None where groups simply follow one another.

    Raises `WeightError` where it tells of no such column or group.
    """
    order = whole(part).reshape(-1)
    if order.size == n_in and n_in % groups == 0 and (order == UNUSED).any():
        return None
    if order.size != n_in or order.min() < 0 or order.max() >= groups:
        raise WeightError(
            f"{part.file}: {part.name!r} does not tell the groups, 0 to {groups - 1}, of {n_in} columns; fetch"
            " the checkpoint again"
        )
    plain = n_in % groups == 0 and np.array_equal(order, np.arange(n_in) // (n_in // groups))
    return None if plain else order.astype(np.int64)


def pack_quantized(parts: Parts) -> Weights:
    """The matrix of packed integers."""
    packed, scale = parts[PACKED], parts[SCALE]
    shape = _shape(parts, packed, scale)
    bits = packed.shape[-1] * WORD // shape[-1] if shape[-1] else 0
    if not 2 <= bits <= 8 or -(-shape[-1] * bits // WORD) != packed.shape[-1]:
        raise parts.error(
            f"packs {shape[-1]} weights into {packed.shape[-1]} words, which is no whole number of bits"
            " from 2 to 8; convert the original"
        )
    n_rows = int(np.prod(shape[:-1]))
    layout = PackedRows(bits, shape[-1], n_rows, packed, scale, parts.get(ZERO), parts.get(ORDER))
    zero = layout.zero
    if zero is not None and (
        zero.dtype != "I32" or zero.shape != (-(-n_rows * bits // WORD), *scale.shape[1:])
    ):
        raise parts.error(f"has zero points of the shape {list(zero.shape)}; fetch it again")
    return integers(parts, shape, layout, scale, four_bit=bits == 4 and zero is None)


def _shape(parts: Parts, packed: TensorRef, scale: TensorRef) -> tuple[int, ...]:
    """The matrix's shape, which a part of a few bytes tells."""
    shape = tuple(int(size) for size in whole(parts[SHAPE]).reshape(-1))
    groups = scale.shape[-1] if len(scale.shape) > 1 else 1
    if shape[:-1] != packed.shape[:-1] or shape[-1] < 1 or shape[-1] % groups:
        raise parts.error(
            f"says that its shape is {list(shape)}, which its parts of {list(packed.shape)} and"
            f" {list(scale.shape)} do not fit; fetch the checkpoint again"
        )
    return shape


def int_quantized(parts: Parts) -> Weights:
    """The matrix of signed bytes."""
    codes, scale = parts[INT8], parts[SCALE]
    layout = SignedBytes(codes, scale, parts.get(ZERO))
    return integers(parts, codes.shape, layout, scale, four_bit=False)
