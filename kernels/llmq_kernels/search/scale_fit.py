"""Fitting scale * value to groups of weights, by least squares; codes stand for the values.

With y = x / end, where end is a group's weight farthest from zero, a candidate f rounds f * y to
values v. Of weights w of the errors it needs

    S_vy = sum w v y    S_vv = sum w v^2

and the scale S_vy / S_vv, in units of end, fits it best and explains S_vy^2 / S_vv of sum w y^2.
The candidate that explains most is kept; candidates are of either sign.
"""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import SLAB, Floats, buffer
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.arrays.select import replace, row_of_largest, zero_unless_finite
from llmq_kernels.arrays.sums import dot, dot_square
from llmq_kernels.search.candidates import Factors, ScaleCandidates
from llmq_kernels.search.grids import Grid
from llmq_kernels.search.slabs import Slab, Workspace, cut_slabs, sizes


@dataclass(frozen=True)
class Task:
    """Which groups to fit: how many in a block, of how many weights; what codes stand for."""

    groups: int
    k: int
    grid: Grid
    candidates: ScaleCandidates


class ScaleFit:
    """Fits scales to the groups of n blocks: N = groups * n columns, slab after slab."""

    def __init__(self, n: int, task: Task, importance: Floats | None) -> None:
        parts = cut_slabs(n, task.groups * task.k, importance, weights=SLAB)
        factors = task.candidates.plain if importance is None else task.candidates.weighted
        spaces = {size: _Workspace(size, task, factors, importance) for size in sizes(parts)}
        self._slabs = [_Slab(part, spaces[part.stop - part.start]) for part in parts]
        candidates, columns = len(factors), task.groups * n
        self._end = buffer((columns,))
        self._fit, self._power, self._scales, self._gain = buffer((4, candidates, columns))
        self._columns = np.arange(columns, dtype=np.int32)
        self._by_group = task.groups, n
        self._codes = buffer((task.k, task.groups, n), np.uint8)

    def __call__(self, rows: Floats) -> Floats:
        """The scales (groups, n) of rows (n, block)."""
        for slab in self._slabs:
            part = slab.columns
            slab.normalize(rows, self._end[part])
            slab.round_candidates(self._fit[:, part], self._power[:, part])
        scales = np.divide(self._fit, self._power, out=self._scales)
        explained = np.multiply(scales, self._fit, out=self._gain)
        self._best = row_of_largest(explained) * len(self._columns)  # as places in (candidates, N)
        self._best += self._columns
        scale = np.take(scales, self._best)
        scale *= self._end
        zero_unless_finite(scale)
        return self._grouped(scale)

    def curvatures(self) -> Floats:
        """S_vv (groups, n) of the rows last fitted: a scale that is off by e costs S_vv e^2."""
        return self._grouped(np.take(self._power, self._best))

    def codes(self, scale: Floats) -> Bytes:
        """The codes (k, groups, n) of the rows last fitted, for the scales (groups, n) stored."""
        for slab in self._slabs:
            factor = reciprocal(scale[:, slab.blocks]).reshape(-1)
            factor *= self._end[slab.columns]
            slab.codes(factor, self._codes[:, :, slab.blocks])
        return self._codes

    def _grouped(self, of_columns: Floats) -> Floats:
        """What there is for each column, (N,), as (groups, n)."""
        grouped = np.empty(self._by_group, np.float32)
        for slab in self._slabs:
            grouped[:, slab.blocks] = of_columns[slab.columns].reshape(slab.by_group)
        return grouped


class _Workspace(Workspace):
    def __init__(self, size: int, task: Task, factors: Factors, importance: Floats | None) -> None:
        super().__init__(size, task.groups, task.k, importance)
        self.products = buffer(self.spare.shape)
        self.finder = task.grid.finder(*self.spare.shape, factors)


class _Slab(Slab):
    def __init__(self, blocks: slice, space: _Workspace) -> None:
        super().__init__(blocks, space)
        self._finder, self._products, self._weights = space.finder, space.products, space.weights

    def normalize(self, rows: Floats, end: Floats) -> None:
        """Make y of rows (n, block), and find the ends (w,)."""
        x = self.transpose(rows)
        farthest(x, end)
        inverse = np.float32(1) / end
        zero_unless_finite(inverse)
        np.multiply(x, inverse, out=self._y)
        if self._weights is None:
            self._weighted = self._y
        else:
            self._weighted = np.multiply(self._y, self._weights, out=x)

    def round_candidates(self, fit: Floats, power: Floats) -> None:
        """Sum weight * y * value and weight * value^2 of all candidates: (candidates, w)."""
        finder, values, products = self._finder, self._spare, self._products
        finder.look_at(self._y)
        for number in range(len(fit)):
            finder.round_candidate(number, values)
            dot(values, self._weighted, products, fit[number])
            if self._weights is None:
                dot(values, values, products, power[number])
            else:
                dot_square(self._weights, values, products, power[number])

    def codes(self, factor: Floats, out: Bytes) -> None:
        """Store the codes of y * factor, (w,), in (k, groups, size)."""
        out[...] = self._finder.codes(self._y, factor).reshape(out.shape)


def farthest(x: Floats, out: Floats) -> Floats:
    """The number farthest from zero in each column of (k, N)."""
    np.maximum.reduce(x, axis=0, out=out)
    low: Floats = np.minimum.reduce(x, axis=0)
    replace(-low > out, (out, low))
    return out
