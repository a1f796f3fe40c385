"""A slab whose weights count equally: its numbers are integers of 16 bits, and its sums exact.

Processors handle twice as many of these at a time as floats. Sums of codes and of their squares
stay below 2^16. A sum of code * y does not, and is found modulo 2^16. But a code is y + offset
divided by a step, so y = step * code - offset + rest, and steps are so small that the sum of
code * rest stays below 2^16 as well: what is known of it modulo 2^16 is all of it.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Columns, Floats
from llmq_kernels.search.slabs import Slab, Tries

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
