"""Rounding the columns of one block, one after the other, each with the errors of those before.

Columns stand in lines of 32. Within a line every error is pushed into the columns that follow at
once; into the lines that follow, by one matrix product when the line is done.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, in_quads
from llmq_kernels.arrays.columns import Floats, buffer, cut
from llmq_kernels.feedback.grids import Grid

LINE = 32
"""Columns in a line."""

ROWS = 128
"""Rows of a matrix in one product, always: how a product's sums are rounded may depend on how many
rows it has, and the blocks of a row must not."""


class BlockRounding:
    """Rounds blocks of `block` columns and n rows, n a multiple of ROWS."""

    def __init__(self, block: int, n: int, grid: Grid) -> None:
        self._grid = grid
        self._levels, self.errors = buffer((block, n)), buffer((block, n))
        self._pushed = buffer((LINE, n))
        self._value = buffer((n,))

    def __call__(self, weights: Floats, blocks: Blocks, factor: Floats) -> None:
        """Give blocks (n_rows,) the codes of weights (block, n), which are used up.

        `factor` is the part of U of these columns, (block, block). Afterwards `errors` (block, n)
        are those of the columns, divided by U_jj.
        """
        n_rows = len(blocks)
        scales, inverses, offsets = self._lines(blocks)
        k = len(weights) // len(scales)
        for line in cut(len(weights), LINE):
            for j in range(line.start, line.stop):
                group = j // k
                self._round(j, weights[j], scales[group], inverses[group], offsets[group])
                self.errors[j] /= factor[j, j]
                rest = slice(j + 1, line.stop)
                pushed = self._pushed[: line.stop - j - 1]
                np.multiply(factor[j, rest, None], self.errors[j], out=pushed)
                weights[rest] -= pushed
            later = slice(line.stop, None)
            push(self.errors[line], factor[line, later], weights[later])
        codes = self._grid.levels.codes(self._levels[:, :n_rows])
        self._grid.store_codes(blocks, in_quads(codes[:, None]))

    def _round(
        self, j: int, wanted: Floats, scale: Floats, inverse: Floats, offset: Floats
    ) -> None:
        """Find the levels nearest to the numbers wanted (n,) of column j, and the errors left."""
        level, value = self._levels[j], self._value
        np.subtract(wanted, offset, out=level)
        level *= inverse
        self._grid.levels.round(level)
        np.multiply(level, scale, out=value)
        value += offset
        np.subtract(wanted, value, out=self.errors[j])

    def _lines(self, blocks: Blocks) -> Floats:
        """Scales, their inverses and offsets of the groups, (3, groups, n); zeros for no row.

        Infinite scales and offsets, which stand for weights too large for the format, count as
        zeros, so that what is made of the other blocks stays finite.
        """
        scales, offsets = self._grid.scales_and_offsets(blocks)
        lines = np.zeros((3, scales.shape[1], self._value.size), np.float32)
        for line, numbers in zip(lines[::2], (scales, offsets), strict=True):
            line[:, : len(blocks)] = np.where(np.isfinite(numbers), numbers, 0).T
        np.divide(np.float32(1), lines[0], out=lines[1], where=lines[0] != 0)
        return lines


def push(errors: Floats, factor: Floats, weights: Floats) -> None:
    """Take errors (k, n) times factor (k, later) from the weights (later, n) of later columns."""
    product = buffer((factor.shape[1], ROWS))
    for rows in cut(weights.shape[1], ROWS):
        weights[:, rows] -= np.matmul(factor.T, errors[:, rows], out=product)
