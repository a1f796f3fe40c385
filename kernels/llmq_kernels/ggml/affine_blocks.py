"""quantize_row_q4_1_ref, quantize_row_q4_1_impl and those of Q5_1: blocks of 32, d * q + m.

Without importance m is the lowest weight, and d divides the range into as many steps as there are
codes less one. With importance both are searched for, and m is never above zero.
"""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, in_quads
from llmq_kernels.arrays.columns import Columns, Floats, Quads, buffer, spread
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import OffsetParts, StoreOffsets
from llmq_kernels.ggml.affine import WITH_IMPORTANCE, AffineSearch, codes_of
from llmq_kernels.ggml.error_weights import ErrorWeights, RowMeanSquares


@dataclass(frozen=True)
class AffineBlocks:
    """Makes the encoders of a format of such blocks, with codes 0 .. max_code."""

    max_code: int
    store: StoreOffsets

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        if importance is None:
            return _Plain(n, self.max_code, self.store)
        return _Weighted(n, importance, self.max_code, self.store)


class _Plain:
    def __init__(self, n: int, max_code: int, store: StoreOffsets) -> None:
        self._max_code, self._store = np.float32(max_code), store
        self._quads = Quads(n, 32)
        self._codes = buffer((8, n * 4), np.uint8)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._quads(rows)  # (8, n * 4)
        low = self._first_lowest(rows, x)
        d = (self._quads.reduce(np.maximum, x) - low) / self._max_code  # (n,)
        d += np.float32(0)  # -0 becomes +0
        inverse = reciprocal(d)
        x -= spread(low)
        x *= spread(inverse)
        x += np.float32(0.5)
        np.copyto(self._codes, x, casting="unsafe")
        if np.isinf(inverse.max()) or np.isinf(d.max()):  # C makes 0 of infinities and NaN
            self._codes.view("<u4")[:, np.isinf(inverse) | np.isinf(d)] = 0
        self._store(out, OffsetParts(to_f16(d), to_f16(low), self._codes))

    def _first_lowest(self, rows: Floats, x: Floats) -> Floats:
        """The first of the lowest elements of each block: of zeros, its sign counts."""
        lowest = self._quads.reduce(np.minimum, x)
        zeros = np.flatnonzero(lowest == 0)
        if len(zeros):
            some = rows[zeros]
            lowest[zeros] = some[np.arange(len(some)), (some == 0).argmax(axis=1)]
        return lowest


class _Weighted:
    def __init__(self, n: int, importance: Floats, max_code: int, store: StoreOffsets) -> None:
        self._max_code, self._store = max_code, store
        self._columns = Columns(n, 1, 32)
        self._mean_squares = RowMeanSquares(n, len(importance), 32)
        self._weigh = ErrorWeights(importance, n, 1, 32)
        self._search = AffineSearch(32, n, max_code, WITH_IMPORTANCE)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._columns(rows)  # (32, 1, n)
        weights = self._weigh(x, self._mean_squares(rows))
        columns = x.reshape(32, -1)
        fits = self._search(columns, weights.reshape(32, -1))
        codes = in_quads(codes_of(columns, fits, self._max_code)[:, None])
        self._store(out, OffsetParts(to_f16(fits.scale), to_f16(fits.offset), codes))
