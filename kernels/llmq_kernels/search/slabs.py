"""A slab: as many blocks as fit the cache. Work on single weights happens here; sums leave.

A slab has a column for each group of its blocks, group after group: w = groups * size columns of k
weights. It normalizes its weights to numbers y once, and rounds those as often as it is asked to.
"""

from math import frexp

import numpy as np
from numpy.typing import DTypeLike

from llmq_kernels.arrays.columns import Columns, Floats, buffer, cut

FLOOR = np.float32(2**-40)
"""A weight of no importance counts this much, so that no group's sums vanish."""


class Workspace:
    """What all slabs of one size share."""

    def __init__(self, size: int, groups: int, k: int, importance: Floats | None) -> None:
        self.by_group = groups, size
        self.transpose = Columns(size, groups, k)
        self.spare = self.transpose.quads.reshape(k, -1)
        """Memory (k, w) that is free once weights are transposed."""
        self.weights = None if importance is None else _weights(importance, size, groups, k)
        """Of the squared errors, (k, w); None where all count equally."""


class Slab:
    """Some of the blocks, and where their columns are in those of all slabs."""

    def __init__(self, blocks: slice, space: Workspace, numbers: DTypeLike = np.float32) -> None:
        groups = space.by_group[0]
        self.blocks, self.by_group = blocks, space.by_group
        self.columns = slice(groups * blocks.start, groups * blocks.stop)
        self._transpose, self._spare = space.transpose, space.spare
        self._y = buffer(space.spare.shape, numbers)

    def transpose(self, rows: Floats) -> Floats:
        """The slab's weights of rows (n, block), as columns (k, w): a buffer to work in."""
        self._x = self._transpose(rows[self.blocks]).reshape(self._y.shape)
        return self._x


def cut_slabs(n: int, block: int, importance: Floats | None, *, weights: int) -> list[slice]:
    """Cut n blocks into slabs of about so many weights; with importance into whole rows."""
    unit = 1 if importance is None else len(importance)
    return list(cut(n, max(weights // (block * unit), 1) * unit))


def sizes(parts: list[slice]) -> set[int]:
    """How many blocks the parts have: at most two numbers."""
    return {part.stop - part.start for part in parts}


def _weights(importance: Floats, n: int, groups: int, k: int) -> Floats:
    """Repeat a row's importance for n blocks, in columns (k, groups * n).

    It is multiplied by the power of two that takes the largest to between 1/2 and 1, which is
    exact.
    """
    _, exponent = frexp(importance.max())
    relative = np.maximum(np.ldexp(importance, -exponent), FLOOR)
    rows = np.tile(relative, (n // len(relative), 1))
    return Columns(n, groups, k)(rows).reshape(k, -1)
