"""Fitting scale * value to groups of weights, by least squares; codes stand for the values.

For each group a few scales are tried, of either sign; each rounding gets the scale that fits it
best, and the best of all is kept. The errors count equally, or by the importance of their columns.

All that is done to single weights is done in slabs, and only sums over groups leave them: they are
few enough to be worked on for all slabs at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import SLAB, Columns, Floats, buffer, cut
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.arrays.select import replace, row_of_largest, zero_unless_finite
from llmq_kernels.arrays.sums import dot, dot_square
from llmq_kernels.search.grids import Grid
from llmq_kernels.search.slabs import search_weights


@dataclass(frozen=True)
class Search:
    """What codes stand for, and which scales are tried.

    A try is the value that a group's weight of largest magnitude comes to lie at.
    """

    grid: Grid
    tries: tuple[float, ...]


class ScaleFit:
    """Fits scales to the groups of n blocks: N = groups * n columns, slab after slab."""

    def __init__(
        self,
        n: int,
        groups: int,
        k: int,
        search: Search,
        importance: Floats | None,
    ) -> None:
        self._slabs = list(_slabs(n, groups, k, search, importance))
        tries, columns = len(search.tries), groups * n
        self._end = buffer((columns,))
        self._fit, self._power, self._scales, self._gain = buffer((4, tries, columns))
        self._columns = np.arange(columns, dtype=np.int32)
        self._by_group = groups, n
        self._codes = buffer((k, groups, n), np.uint8)

    def __call__(self, rows: Floats) -> Floats:
        """The scales (groups, n) of rows (n, block)."""
        for slab in self._slabs:
            part = slab.columns
            slab.spread_out(rows, self._end[part])
            slab.attempt(self._fit[:, part], self._power[:, part])
        scales = np.divide(self._fit, self._power, out=self._scales)
        explained = np.multiply(scales, self._fit, out=self._gain)
        self._best = row_of_largest(explained) * len(self._columns)  # as places in (tries, N)
        self._best += self._columns
        scale = np.take(scales, self._best)
        scale *= self._end
        zero_unless_finite(scale)
        return self._grouped(scale)

    def curves(self) -> Floats:
        """How errors grow where scales are off: by the square of that times this, (groups, n).

        It is the sum of weight * value^2 of the rows last fitted.
        """
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


class _Desk:
    """What all slabs of one size share: buffers, the finder of values, and importance (k, w)."""

    def __init__(
        self, size: int, groups: int, k: int, search: Search, importance: Floats | None
    ) -> None:
        self.by_group = groups, size
        self.turn = Columns(size, groups, k)
        self.values = self.turn.quads.reshape(k, -1)  # of no use once the weights are turned
        self.products = buffer(self.values.shape)
        self.finder = search.grid.finder(k, groups * size, search.tries)
        self.weights = None
        if importance is not None:
            self.weights = search_weights(importance, size, groups, k)


class _Slab:
    """Some of the blocks: y = x / end, where end is the weight farthest from zero in its group."""

    def __init__(self, blocks: slice, desk: _Desk) -> None:
        self.blocks, self.by_group = blocks, desk.by_group
        groups = desk.by_group[0]
        self.columns = slice(groups * blocks.start, groups * blocks.stop)
        """Where the slab's columns are in those of all slabs."""
        self._desk, self._y = desk, buffer(desk.values.shape)

    def spread_out(self, rows: Floats, end: Floats) -> None:
        """Make y of rows (n, block), and find the ends (w,)."""
        x = self._desk.turn(rows[self.blocks]).reshape(self._y.shape)
        farthest(x, end)
        inverse = np.float32(1) / end
        zero_unless_finite(inverse)
        np.multiply(x, inverse, out=self._y)
        if self._desk.weights is None:
            self._weighed = self._y
        else:
            self._weighed = np.multiply(self._y, self._desk.weights, out=x)

    def attempt(self, fit: Floats, power: Floats) -> None:
        """Sum weight * y * value and weight * value^2 in all tries: (tries, w)."""
        desk, values = self._desk, self._desk.values
        desk.finder.look_at(self._y)
        for number in range(len(fit)):
            desk.finder.attempt(number, values)
            dot(values, self._weighed, desk.products, fit[number])
            if desk.weights is None:
                dot(values, values, desk.products, power[number])
            else:
                dot_square(desk.weights, values, desk.products, power[number])

    def codes(self, factor: Floats, out: Bytes) -> None:
        """Store the codes of y * factor, (w,), in (k, groups, size)."""
        out[...] = self._desk.finder.codes(self._y, factor).reshape(out.shape)


def _slabs(
    n: int, groups: int, k: int, search: Search, importance: Floats | None
) -> Iterator[_Slab]:
    """Cut n blocks into slabs, with importance into whole rows."""
    unit = 1 if importance is None else len(importance)
    width = max(SLAB // (groups * k * unit), 1) * unit
    desks: dict[int, _Desk] = {}
    for blocks in cut(n, width):
        size = blocks.stop - blocks.start
        if size not in desks:
            desks[size] = _Desk(size, groups, k, search, importance)
        yield _Slab(blocks, desks[size])


def farthest(x: Floats, out: Floats) -> Floats:
    """The number farthest from zero in each column of (k, N)."""
    np.maximum.reduce(x, axis=0, out=out)
    low: Floats = np.minimum.reduce(x, axis=0)
    replace(-low > out, (out, low))
    return out
