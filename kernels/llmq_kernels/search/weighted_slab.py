"""A slab whose weights count by their importance: its sums are floats, added strictly in order."""

import numpy as np

from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Columns, Floats, column_sums
from llmq_kernels.arrays.sums import dot
from llmq_kernels.search.slabs import Slab, Tries


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
