"""Slabs for fits of scale * code + offset: weights x = start + unit * y, with y from 0 to `y_max`.

Start and unit belong to a group. Codes are y * factor + shift, rounded.
"""

from abc import abstractmethod

import numpy as np
from numpy.typing import DTypeLike, NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import Floats, buffer
from llmq_kernels.arrays.sums import column_sums, dot
from llmq_kernels.search.candidates import Roundings
from llmq_kernels.search.slabs import Slab, Workspace

Shorts = NDArray[np.uint16]


class LineSlab(Slab):
    """A slab of w columns, whatever numbers its sums are taken in."""

    y_max: np.float32
    total: Floats
    """Sum of weight, (w,)."""

    def __init__(
        self, blocks: slice, space: Workspace, max_code: int, numbers: DTypeLike = np.float32
    ) -> None:
        super().__init__(blocks, space, numbers)
        self._max_code = max_code

    @abstractmethod
    def normalize(self, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        """y = (x - start) * inverse for the columns transposed last. Sum weight * y: (w,)."""

    @abstractmethod
    def round_candidates(self, sums: Floats) -> None:
        """Sum weight * code, weight * code^2 and weight * code * y: (3, candidates, w)."""

    @abstractmethod
    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        """The same sums, (3, w), with codes 0 .. max_code for this factor and shift (w,)."""

    def codes(self, factor: Floats, shift: Floats, out: Bytes) -> None:
        """Store codes 0 .. max_code for factor and shift where they belong in (k, groups, n)."""
        codes = np.multiply(self._y, factor, out=self._spare)
        codes += shift + np.float32(0.5)
        np.clip(codes, 0, self._max_code + 0.5, out=codes)
        target = out[:, :, self.blocks]
        np.copyto(target, codes.reshape(target.shape), casting="unsafe")  # cuts off the fraction


class EqualSlab(LineSlab):
    """Columns whose weights count equally: y are integers of 16 bits, and sums are exact.

    Processors handle twice as many of these at a time as floats. Sums of codes and of their squares
    stay below 2^16. A sum of code * y does not, and is found modulo 2^16. But a code is y + shift
    divided by a step, so y = step * code - shift + rest, and steps are so small that the sum of
    code * rest stays below 2^16 as well: what is known of it modulo 2^16 is all of it.
    """

    def __init__(
        self, blocks: slice, space: Workspace, max_code: int, roundings: Roundings
    ) -> None:
        super().__init__(blocks, space, max_code, np.uint16)
        k, columns = self._y.shape
        y_max, self._steps, self._shifts = _in_shorts(roundings, k * max_code, max_code)
        self.y_max = np.float32(y_max)
        self.total = np.full(columns, k, np.float32)
        self._short_codes = buffer(self._y.shape, np.uint16)
        self._short_sums = buffer((3, len(roundings), columns), np.uint16)
        self._product = buffer((len(roundings), columns), np.uint16)
        self._float_product = buffer((len(roundings), columns))

    def normalize(self, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        x = self._x
        x -= start
        x *= inverse
        x += np.float32(0.5)
        np.copyto(self._y, x, casting="unsafe")  # cuts off the fraction
        # Below 2^16 too, because the fewest steps are no more than the largest code.
        sum_y[...] = np.add.reduce(self._y, axis=0, dtype=np.uint16)

    def round_candidates(self, sums: Floats) -> None:
        y, codes, shorts = self._y, self._short_codes, self._short_sums
        for number, (step, shift) in enumerate(zip(self._steps, self._shifts, strict=True)):
            np.add(y, shift, out=codes)
            np.floor_divide(codes, step, out=codes)
            np.add.reduce(codes, axis=0, out=shorts[0, number], dtype=np.uint16)
            np.einsum("ij,ij->j", codes, codes, out=shorts[1, number])
            np.einsum("ij,ij->j", codes, y, out=shorts[2, number])
        steps, shifts = self._steps[:, None], self._shifts[:, None]
        rest = shorts[2]  # of code * y, until these two make it that of code * rest
        rest += np.multiply(shorts[0], shifts, out=self._product)
        rest -= np.multiply(shorts[1], steps, out=self._product)
        np.copyto(sums, shorts)
        work = self._float_product
        sums[2] += np.multiply(sums[1], steps.astype(np.float32), out=work)
        sums[2] -= np.multiply(sums[0], shifts.astype(np.float32), out=work)

    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        y, codes = self._x, self._spare
        np.copyto(y, self._y)
        np.multiply(y, factor, out=codes)
        codes += shift
        np.rint(codes, out=codes)
        np.clip(codes, 0, self._max_code, out=codes)
        np.add.reduce(codes, axis=0, out=sums[0])  # integers below 2^24: exact in any order
        np.einsum("ij,ij->j", codes, codes, out=sums[1])
        np.einsum("ij,ij->j", codes, y, out=sums[2])


class WeightedSlab(LineSlab):
    """Columns whose weights count by their importance: sums of floats, strictly in order."""

    y_max = np.float32(1)

    def __init__(
        self, blocks: slice, space: Workspace, max_code: int, roundings: Roundings
    ) -> None:
        super().__init__(blocks, space, max_code)
        assert space.weights is not None, "without importance, slabs are equal"
        self._weights = space.weights
        self._roundings = np.array(roundings, np.float32)
        self.total = buffer(self._weights.shape[1:])
        column_sums(self._weights, self.total)

    def normalize(self, start: Floats, inverse: Floats, sum_y: Floats) -> None:
        np.subtract(self._x, start, out=self._y)
        self._y *= inverse
        dot(self._y, self._weights, self._x, sum_y)

    def round_candidates(self, sums: Floats) -> None:
        for number, (steps, shift) in enumerate(self._roundings):
            np.multiply(self._y, steps, out=self._spare)
            self._spare += shift
            np.rint(self._spare, out=self._spare)
            self._sum_up(sums[:, number])

    def round(self, factor: Floats, shift: Floats, sums: Floats) -> None:
        np.multiply(self._y, factor, out=self._spare)
        self._spare += shift
        np.rint(self._spare, out=self._spare)
        np.clip(self._spare, 0, self._max_code, out=self._spare)
        self._sum_up(sums)

    def _sum_up(self, sums: Floats) -> None:
        codes = self._spare
        work = np.multiply(codes, self._weights, out=self._x)
        column_sums(work, sums[0])
        dot(codes, work, codes, sums[1])
        dot(work, self._y, work, sums[2])


def _in_shorts(roundings: Roundings, largest_sum: int, max_code: int) -> tuple[int, Shorts, Shorts]:
    """The largest y, and what the roundings' steps and shifts come to.

    The largest step times the largest sum of codes is below 2^16, and y_max + shift below
    (max_code + 1) * step.
    """
    y_max = int(min(steps for steps, _ in roundings) * ((1 << 16) // largest_sum - 1))
    steps = [round(y_max / number) for number, _ in roundings]
    shifts = [
        min(round((shift + 0.5) * step), (max_code + 1) * step - 1 - y_max)
        for step, (_, shift) in zip(steps, roundings, strict=True)
    ]
    return y_max, np.array(steps, np.uint16), np.array(shifts, np.uint16)
