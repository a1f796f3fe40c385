"""Slabs: some of a kernel's blocks, few enough for a cache, and all that is done to single weights.

A slab makes numbers y from 0 to `reach` of its weights: x = start + unit * y, with another start
and unit for each group. Codes are y * factor + shift, rounded. Only sums over each group leave it.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import DTypeLike

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Columns, Floats

Tries = tuple[tuple[float, float], ...]
"""At most eight ways to round: the steps that a group's range is divided into, and a shift in steps.

They keep to |shift| < 0.5 and steps + shift < top + 0.5, so that no code needs to be clipped.
"""


class Slab(ABC):
    """A slab of w columns, one for each group of its blocks; group follows group."""

    reach: np.float32
    total: Floats
    """Sum of weight, (w,)."""

    def __init__(self, blocks: slice, turn: Columns, k: int, top: int, numbers: DTypeLike) -> None:
        size = blocks.stop - blocks.start
        groups = turn.quads.size // (size * k)
        self.blocks, self.by_group = blocks, (groups, size)
        self.columns = slice(groups * blocks.start, groups * blocks.stop)
        """Where the slab's columns are in those of all slabs."""
        self._turn, self._top = turn, top
        self._y = buffer((k, groups * size), numbers)
        self._codes = turn.quads.reshape(self._y.shape)

    def turn(self, rows: Floats) -> Floats:
        """Turn the slab's blocks of rows (n, block) into columns (k, w), a buffer to work in."""
        self._work = self._turn(rows[self.blocks]).reshape(self._y.shape)
        return self._work

    @abstractmethod
    def spread_out(self, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        """Make numbers of the columns last turned; inverse is 1 / unit. Sum weight * y: (w,)."""

    @abstractmethod
    def attempt(self, sums: Floats) -> None:
        """Sum weight * code, weight * code^2 and weight * code * y in all tries: (3, tries, w)."""

    @abstractmethod
    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        """Sum up the same, (3, w), with codes 0 .. top for this factor and shift (w,)."""

    def codes(self, factor: Floats, shift: Floats, out: Bytes) -> None:
        """Store codes 0 .. top for this factor and shift where they belong in (k, groups, n)."""
        codes = np.multiply(self._y, factor, out=self._codes)
        codes += shift + np.float32(0.5)
        np.clip(codes, 0, self._top + 0.5, out=codes)
        target = out[:, :, self.blocks]
        np.copyto(target, codes.reshape(target.shape), casting="unsafe")  # cuts off the fraction
