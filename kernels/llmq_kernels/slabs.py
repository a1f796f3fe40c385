"""Slabs: some blocks of a kernel, few enough for a cache, and all that is done to single weights.

A slab makes numbers y from 0 to `reach` of its weights: x = start + y * unit, with another start
and unit for each group. Then codes are numbers y * factor + shift, rounded. Only sums over each
group leave a slab.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from llmq_kernels.buffers import buffer
from llmq_kernels.columns import Columns, Floats, column_sums
from llmq_kernels.packing import Bytes
from llmq_kernels.search_weights import search_weights

SLAB = 1 << 18
"""The bytes that the numbers y of a slab take."""

Tries = tuple[tuple[float, float], ...]
"""At most eight numbers of steps that the range of a group is divided into, and shifts in steps.

They keep to |shift| < 0.5 and steps + shift < top + 0.5, so that no code needs to be clipped.
"""


class Place:
    """Where a slab stands: which blocks are its own, and which of N = groups * n columns.

    Slab follows slab in the columns, and in a slab group follows group.
    """

    def __init__(self, blocks: slice, groups: int) -> None:
        self.blocks = blocks
        self.by_group = groups, blocks.stop - blocks.start
        self.columns = slice(groups * blocks.start, groups * blocks.stop)


def places(n: int, groups: int, unit: int, width: int) -> Iterator[Place]:
    """Cut n blocks into slabs of about `width` blocks, a multiple of `unit`."""
    width = max(width // unit, 1) * unit
    for start in range(0, n, width):
        yield Place(slice(start, min(start + width, n)), groups)


class Slab(Protocol):
    place: Place
    reach: np.float32

    def turn(self, rows: Floats) -> Floats:
        """Turn the slab's blocks of rows (n, block) into columns (k, w)."""

    def spread_out(self, x: Floats, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        """Make y of what was turned, with inverse = 1 / unit, and sum weight * y: all (w,)."""

    def attempt(self, sums: Floats) -> None:
        """Sum weight * code, weight * code^2 and weight * code * y of all tries: (3, tries, w)."""

    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        """The same sums (3, w) of codes 0 .. top for other factors and shifts (w,)."""

    def codes(self, factor: Floats, shift: Floats, out: Bytes) -> None:
        """Store these codes with those of all slabs, (k, groups, n)."""


class EqualSlab:
    """A slab of weights that count equally: integers of 16 bits, and sums that are exact.

    Processors handle twice as many of them at a time as floats. The sums of codes and squares stay
    below 2^16; that of code * y is found modulo 2^16 only. But with y + offset = step * code + rest
    it is step * sum(code^2) + sum(code * rest) - offset * sum(code), and steps are so small that
    sum(code * rest) stays below 2^16 as well.
    """

    def __init__(self, place: Place, turn: Columns, k: int, top: int, tries: Tries) -> None:
        self.place, self._turn, self._top = place, turn, top
        shape = k, place.columns.stop - place.columns.start
        finest, largest = min(steps for steps, _ in tries), (1 << 16) // (k * top) - 1
        self.reach = np.float32(int(finest * largest))
        self._y, self._small = buffer((2, *shape), np.uint16)
        self._small_sums, self._products = buffer((2, 3, len(tries), shape[1]), np.uint16)
        self._work = buffer((len(tries), shape[1]))
        self._steps = np.array([round(float(self.reach) / steps) for steps, _ in tries])[:, None]
        highest = (top + 1) * self._steps[:, 0] - 1 - int(self.reach)
        self._offsets = np.array(
            [
                min(round((shift + 0.5) * step), high)
                for (_, shift), step, high in zip(tries, self._steps[:, 0], highest, strict=True)
            ]
        )[:, None]

    def turn(self, rows: Floats) -> Floats:
        self._x = self._turn(rows[self.place.blocks]).reshape(self._y.shape)
        self._codes = self._turn.quads.reshape(self._y.shape)
        return self._x

    def spread_out(self, x: Floats, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        x -= start
        x *= inverse
        x += np.float32(0.5)
        np.copyto(self._y, x, casting="unsafe")
        sum_y[...] = np.add.reduce(self._y, axis=0, dtype=np.uint16)

    def attempt(self, sums: Floats) -> None:
        y, codes, small = self._y, self._small, self._small_sums
        steps, offsets = self._steps.astype(np.uint16), self._offsets.astype(np.uint16)
        for number, (step, offset) in enumerate(zip(steps[:, 0], offsets[:, 0], strict=True)):
            np.add(y, offset, out=codes)
            np.floor_divide(codes, step, out=codes)
            np.add.reduce(codes, axis=0, out=small[0, number], dtype=np.uint16)
            np.einsum("ij,ij->j", codes, codes, out=small[1, number])
            np.einsum("ij,ij->j", codes, y, out=small[2, number])
        first, second, third = small
        third += np.multiply(first, offsets, out=self._products[0])
        third -= np.multiply(second, steps, out=self._products[0])
        np.copyto(sums, small)
        sums[2] += np.multiply(sums[1], self._steps.astype(np.float32), out=self._work)
        sums[2] -= np.multiply(sums[0], self._offsets.astype(np.float32), out=self._work)

    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        codes, y = self._codes, self._x
        np.copyto(y, self._y)
        np.multiply(y, factor, out=codes)
        codes += shift
        np.rint(codes, out=codes)
        np.clip(codes, 0, self._top, out=codes)
        np.add.reduce(codes, axis=0, out=sums[0])
        np.einsum("ij,ij->j", codes, codes, out=sums[1])
        np.einsum("ij,ij->j", codes, y, out=sums[2])

    def codes(self, factor: Floats, shift: Floats, out: Bytes) -> None:
        codes = self._codes
        np.copyto(codes, self._y)
        codes *= factor
        codes += shift + np.float32(0.5)
        np.clip(codes, 0, self._top + 0.5, out=codes)
        by_group = codes.reshape(len(codes), *self.place.by_group)
        np.copyto(out[:, :, self.place.blocks], by_group, casting="unsafe")  # cuts off the fraction


class WeightedSlab:
    """A slab of weights that count by their importance, in floats added strictly in order."""

    reach = np.float32(1)

    def __init__(
        self, place: Place, turn: Columns, weights: Floats, top: int, tries: Tries
    ) -> None:
        self.place, self._turn, self._weights = place, turn, weights
        self._top, self._tries = top, np.array(tries, np.float32)
        self._y = buffer(weights.shape)

    def turn(self, rows: Floats) -> Floats:
        self._work = self._turn(rows[self.place.blocks]).reshape(self._y.shape)
        self._codes = self._turn.quads.reshape(self._y.shape)
        return self._work

    def spread_out(self, x: Floats, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        np.subtract(x, start, out=self._y)
        self._y *= inverse
        column_sums(np.multiply(self._y, self._weights, out=self._work), sum_y)

    def attempt(self, sums: Floats) -> None:
        codes = self._codes
        for number, (steps, shift) in enumerate(self._tries):
            np.multiply(self._y, steps, out=codes)
            codes += shift
            np.rint(codes, out=codes)
            self._sum_up(sums[:, number])

    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        codes = np.multiply(self._y, factor, out=self._codes)
        codes += shift
        np.rint(codes, out=codes)
        np.clip(codes, 0, self._top, out=codes)
        self._sum_up(sums)

    def _sum_up(self, sums: Floats) -> None:
        codes = self._codes
        work = np.multiply(codes, self._weights, out=self._work)
        column_sums(work, sums[0])
        codes *= work
        column_sums(codes, sums[1])
        work *= self._y
        column_sums(work, sums[2])

    def codes(self, factor: Floats, shift: Floats, out: Bytes) -> None:
        codes = np.multiply(self._y, factor, out=self._codes)
        codes += shift + np.float32(0.5)
        np.clip(codes, 0, self._top + 0.5, out=codes)
        by_group = codes.reshape(len(codes), *self.place.by_group)
        np.copyto(out[:, :, self.place.blocks], by_group, casting="unsafe")


def slabs_of(
    n: int, groups: int, k: int, top: int, tries: Tries, importance: Floats | None
) -> Iterator[tuple[Slab, Floats | None]]:
    """Cut n blocks of groups of k weights into slabs, each with the weights of its errors."""
    unit, item = (1, 2) if importance is None else (len(importance), 4)
    shared: dict[int, tuple[Columns, Floats | None]] = {}
    for place in places(n, groups, unit, SLAB // (item * groups * k)):
        size = place.by_group[1]
        if size not in shared:
            weights = None if importance is None else search_weights(importance, size, groups, k)
            shared[size] = Columns(size, groups, k), weights
        turn, weights = shared[size]
        if weights is None:
            yield EqualSlab(place, turn, k, top, tries), None
        else:
            yield WeightedSlab(place, turn, weights, top, tries), weights
