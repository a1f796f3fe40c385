"""quantize_row_q4_0_ref, quantize_row_q4_0_impl and those of Q5_0: blocks of 32, d * (q - nmax).

Without importance d is the element of largest magnitude divided by -nmax, so that this one is met
exactly and the code range -nmax .. nmax - 1 is used on its longer side. With importance d is
searched for.
"""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.arrays.columns import Columns, Floats, Quads, buffer, spread
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.rounding import outermost, reciprocal, round_symmetric
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import ScaleParts, StoreScales
from llmq_kernels.ggml.error_weights import ErrorWeights, RowMeanSquares
from llmq_kernels.ggml.symmetric import SymmetricSearch


@dataclass(frozen=True)
class SymmetricBlocks:
    """Makes the encoders of a format of such blocks."""

    nmax: int
    store: StoreScales

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        if importance is None:
            return _Plain(n, self.nmax, self.store)
        return _Weighted(n, importance, self.nmax, self.store)


class _Plain:
    def __init__(self, n: int, nmax: int, store: StoreScales) -> None:
        self._nmax, self._store = nmax, store
        self._quads = Quads(n, 32)
        self._codes, self._max_code = buffer((2, 8, n * 4), np.uint8)
        self._max_code.fill(2 * nmax - 1)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._quads(rows)  # (8, n * 4)
        d = self._first_largest(rows, x) / np.float32(-self._nmax)  # (n,)
        inverse = reciprocal(d)
        x *= spread(inverse)
        x += np.float32(self._nmax + 0.5)
        np.copyto(self._codes, x, casting="unsafe")
        np.minimum(self._codes, self._max_code, out=self._codes)
        if np.isinf(np.abs(inverse).max()):
            self._codes.view("<u4")[:, np.isinf(inverse)] = 0  # C makes 0 of infinities and NaN
        self._store(out, ScaleParts(to_f16(d), self._codes))

    def _first_largest(self, rows: Floats, x: Floats) -> Floats:
        """The first element of largest magnitude in each block; +0 if all are zero."""
        high = self._quads.reduce(np.maximum, x)
        largest, tied = outermost(high, self._quads.reduce(np.minimum, x))
        if len(tied):
            first = np.abs(rows[tied]).argmax(axis=1)
            largest[tied] = rows[tied, first] + np.float32(0)  # -0 + 0 is +0
        return largest


class _Weighted:
    def __init__(self, n: int, importance: Floats, nmax: int, store: StoreScales) -> None:
        self._store = store
        self._columns = Columns(n, 1, 32)
        self._mean_squares = RowMeanSquares(n, len(importance), 32)
        self._weigh = ErrorWeights(importance, n, 1, 32)
        self._search = SymmetricSearch(32, n, nmax)
        self._nmax, self._codes = nmax, buffer((8, n * 4), np.uint8)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._columns(rows)  # (32, 1, n)
        weights = self._weigh(x, self._mean_squares(rows))
        d, inverse = self._search(x.reshape(32, -1), weights.reshape(32, -1))
        scaled = self._columns.quads
        scaled *= spread(inverse)
        round_symmetric(scaled, self._nmax, self._codes)
        self._codes.view("<u4")[:, np.flatnonzero(inverse == 0)] = 0  # as in ggml; not nmax
        self._store(out, ScaleParts(to_f16(d), self._codes))
