"""Error weights, as the functions quantize_row_*_ref and quantize_row_*_impl choose them.

The importance matrix holds one number for each column of a tensor, and a block of large weights
counts more than a block of small ones: with importance, ggml weighs a squared error by
importance * sqrt(sigma2 + x^2). sigma2 is the mean square of the weight's row in the formats of 32
weights, and a multiple of the mean square of the block in the others.
"""

import numpy as np

from llmq_kernels.arrays.columns import Columns, Floats, buffer
from llmq_kernels.arrays.sums import column_sums


def in_columns(importance: Floats, n: int, groups: int, k: int) -> Floats:
    """Repeat the importance of a row for n blocks, in the layout of Columns."""
    rows = np.tile(importance, (n // len(importance), 1))
    return Columns(n, groups, k)(rows)


class ErrorWeights:
    """Weighs the squared errors of n blocks in the layout of Columns: (k, groups, n)."""

    def __init__(self, importance: Floats, n: int, groups: int, k: int) -> None:
        self.importance = in_columns(importance, n, groups, k)
        self._weights = buffer((k, groups, n))

    def __call__(self, x: Floats, sigma2: Floats) -> Floats:
        """Weights of x (k, groups, n), sigma2 (n,); the result is the same buffer every time."""
        weights: Floats = np.multiply(x, x, out=self._weights)
        weights += sigma2
        np.sqrt(weights, out=weights)
        weights *= self.importance
        return weights


class RowMeanSquares:
    """The mean square of the whole row that each of n blocks belongs to."""

    def __init__(self, n: int, blocks_per_row: int, block: int) -> None:
        self._blocks_per_row = blocks_per_row
        self._shape = (n // blocks_per_row, blocks_per_row * block)
        self._columns = Columns(self._shape[0], 1, self._shape[1])

    def __call__(self, rows: Floats) -> Floats:
        """Return (n,) of blocks (n, block)."""
        sums = sums_of_squares(self._columns(rows.reshape(self._shape)))
        return np.repeat(sums / np.float32(self._shape[1]), self._blocks_per_row)


def sums_of_squares(x: Floats) -> Floats:
    """Sum the squares of each block (n,) of x (k, groups, n), group after group as ggml does."""
    k, groups, n = x.shape
    squares = buffer((groups, k, n))
    np.multiply(x, x, out=squares.transpose(1, 0, 2))
    sums = np.empty(n, np.float32)
    column_sums(squares.reshape(groups * k, n), sums)
    return sums


def mean_and_magnitude(x: Floats, out: Floats) -> None:
    """Without importance in Q4_K and Q5_K: root mean square of a group, plus |x|; x (k, n)."""
    squares = np.multiply(x, x, out=out)
    sums = np.empty(x.shape[1], np.float32)
    column_sums(squares, sums)
    np.abs(x, out=out)
    out += np.sqrt(sums / np.float32(len(x)))


def magnitude(x: Floats, out: Floats) -> None:
    """Without importance in Q2_K: |x|."""
    np.abs(x, out=out)
