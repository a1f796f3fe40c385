"""Slabs: some of a kernel's blocks, few enough for a cache, and all that is done to single weights.

A slab makes numbers y from 0 to `reach` of its weights: x = start + unit * y, with another start
and unit for each group. Codes are y * factor + shift, rounded. Only sums over each group leave it.
"""

from abc import ABC, abstractmethod
from math import frexp

import numpy as np
from numpy.typing import DTypeLike, NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import Columns, Floats, buffer
from llmq_kernels.arrays.sums import column_sums, dot

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


Shorts = NDArray[np.uint16]


class EqualSlab(Slab):
    """Columns of 16-bit integers."""

    def __init__(self, blocks: slice, turn: Columns, k: int, top: int, tries: Tries) -> None:
        super().__init__(blocks, turn, k, top, np.uint16)
        reach, self._steps, self._offsets = _in_shorts(tries, k * top, top)
        self.reach = np.float32(reach)
        columns = self._y.shape[1]
        self.total = np.full(columns, k, np.float32)
        self._short_codes = buffer(self._y.shape, np.uint16)
        self._short_sums = buffer((3, len(tries), columns), np.uint16)
        self._product = buffer((len(tries), columns), np.uint16)
        self._float_product = buffer((len(tries), columns))

    def spread_out(self, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        x = self._work
        x -= start
        x *= inverse
        x += np.float32(0.5)
        np.copyto(self._y, x, casting="unsafe")  # cuts off the fraction
        # Below 2^16 too, because the fewest steps are no more than the largest code.
        sum_y[...] = np.add.reduce(self._y, axis=0, dtype=np.uint16)

    def attempt(self, sums: Floats) -> None:
        y, codes, shorts = self._y, self._short_codes, self._short_sums
        for number, (step, offset) in enumerate(zip(self._steps, self._offsets, strict=True)):
            np.add(y, offset, out=codes)
            np.floor_divide(codes, step, out=codes)
            np.add.reduce(codes, axis=0, out=shorts[0, number], dtype=np.uint16)
            np.einsum("ij,ij->j", codes, codes, out=shorts[1, number])
            np.einsum("ij,ij->j", codes, y, out=shorts[2, number])
        steps, offsets = self._steps[:, None], self._offsets[:, None]
        rest = shorts[2]  # of code * y, until these two make it that of code * rest
        rest += np.multiply(shorts[0], offsets, out=self._product)
        rest -= np.multiply(shorts[1], steps, out=self._product)
        np.copyto(sums, shorts)
        work = self._float_product
        sums[2] += np.multiply(sums[1], steps.astype(np.float32), out=work)
        sums[2] -= np.multiply(sums[0], offsets.astype(np.float32), out=work)

    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        y, codes = self._work, self._codes
        np.copyto(y, self._y)
        np.multiply(y, factor, out=codes)
        codes += shift
        np.rint(codes, out=codes)
        np.clip(codes, 0, self._top, out=codes)
        np.add.reduce(codes, axis=0, out=sums[0])  # integers below 2^24: exact in any order
        np.einsum("ij,ij->j", codes, codes, out=sums[1])
        np.einsum("ij,ij->j", codes, y, out=sums[2])


def _in_shorts(tries: Tries, largest_sum: int, top: int) -> tuple[int, Shorts, Shorts]:
    """A reach, and what the tries' steps and offsets come to.

    The largest step times the largest sum of codes is below 2^16, and reach + offset below
    (top + 1) * step.
    """
    reach = int(min(steps for steps, _ in tries) * ((1 << 16) // largest_sum - 1))
    steps = [round(reach / number) for number, _ in tries]
    offsets = [
        min(round((shift + 0.5) * step), (top + 1) * step - 1 - reach)
        for step, (_, shift) in zip(steps, tries, strict=True)
    ]
    return reach, np.array(steps, np.uint16), np.array(offsets, np.uint16)


class WeightedSlab(Slab):
    """Columns of floats; `weights` (k, w) tell what their squared errors count."""

    reach = np.float32(1)

    def __init__(
        self, blocks: slice, turn: Columns, weights: Floats, top: int, tries: Tries
    ) -> None:
        super().__init__(blocks, turn, len(weights), top, np.float32)
        self._weights = weights
        self._tries = np.array(tries, np.float32)
        self.total = buffer(weights.shape[1:])
        column_sums(weights, self.total)

    def spread_out(self, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        np.subtract(self._work, start, out=self._y)
        self._y *= inverse
        dot(self._y, self._weights, self._work, sum_y)

    def attempt(self, sums: Floats) -> None:
        for number, (steps, shift) in enumerate(self._tries):
            np.multiply(self._y, steps, out=self._codes)
            self._codes += shift
            np.rint(self._codes, out=self._codes)
            self._sum_up(sums[:, number])

    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        np.multiply(self._y, factor, out=self._codes)
        self._codes += shift
        np.rint(self._codes, out=self._codes)
        np.clip(self._codes, 0, self._top, out=self._codes)
        self._sum_up(sums)

    def _sum_up(self, sums: Floats) -> None:
        codes = self._codes
        work = np.multiply(codes, self._weights, out=self._work)
        column_sums(work, sums[0])
        dot(codes, work, codes, sums[1])
        dot(work, self._y, work, sums[2])


FLOOR = np.float32(2**-40)
"""A weight of no importance counts this much, so that no group's sums vanish."""


def search_weights(importance: Floats, n: int, groups: int, k: int) -> Floats:
    """Repeat a row's importance for n blocks, in columns (k, groups * n).

    It is multiplied by the power of two that takes the largest to between 1/2 and 1, which is
    exact.
    """
    _, exponent = frexp(importance.max())
    relative = np.maximum(np.ldexp(importance, -exponent), FLOOR)
    rows = np.tile(relative, (n // len(relative), 1))
    return Columns(n, groups, k)(rows).reshape(k, -1)
