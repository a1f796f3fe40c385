"""Fitting scale * code + lowest to groups of weights, by least squares.

For each group a few roundings of its range are tried and a line is fitted to each; the best is
rounded once more and fitted again. The errors count equally, or by the importance of their columns.

A try divides the range into a number of steps and shifts the weights before it rounds them. The
shifts matter as much as the steps: without one the lowest weight is met exactly, and the highest
nearly so, at the expense of the others, which would rather have all codes a little higher or lower.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import SLAB, Columns, Floats, buffer, cut
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.arrays.select import row_of_largest
from llmq_kernels.search.slabs import EqualSlab, Slab, Tries, WeightedSlab, search_weights

LARGEST = np.float32(65504)
"""The largest number in half precision."""


@dataclass(frozen=True)
class LineKind:
    """How a format's blocks are divided, and which lines its groups of weights may have."""

    groups: int
    k: int
    top: int
    """The largest code of a weight."""
    largest: np.float32
    """The largest scale, and magnitude of a lowest value, that can be stored."""
    above_zero: bool
    """Whether the lowest value may be above zero."""


@dataclass(frozen=True)
class Lines:
    """A line for each group of n blocks, and sums over its weights: all (groups, n)."""

    scale: Floats
    lowest: Floats
    total: Floats
    """Sum of weight."""
    codes: Floats
    """Sum of weight * code."""
    squares: Floats
    """Sum of weight * code^2."""


FLAT = np.float32(1e-5)
"""Codes whose variance is no more than this share of their mean square count as one code, because
rounding errors may be all that makes them differ."""


class LineFit:
    """Fits lines to the groups of n blocks: N = groups * n columns, slab after slab."""

    def __init__(self, n: int, kind: LineKind, tries: Tries, importance: Floats | None) -> None:
        self._kind, columns = kind, kind.groups * n
        self._slabs = list(_slabs(n, kind, tries, importance))
        self._reach = self._slabs[0].reach
        self._start, self._unit, self._limit, self._sum_y = buffer((4, columns))
        self._total = np.concatenate([slab.total for slab in self._slabs])
        self._columns = np.arange(columns, dtype=np.int32)
        self._sums, self._products = buffer((2, 3, len(tries), columns))
        self._gain, self._work = buffer((2, len(tries), columns))
        self._found = buffer((3, columns))
        self._lines = Lines(*buffer((5, kind.groups, n)))
        self._by_group(self._total, self._lines.total)
        self._codes = buffer((kind.k, kind.groups, n), np.uint8)

    def __call__(self, rows: Floats) -> Lines:
        """Fit lines to rows (n, block); the result is the same buffers every time."""
        for slab in self._slabs:
            self._spread_out(slab, rows)
            slab.attempt(self._sums[:, :, slab.columns])
        scale, lowest = self._line(self._best())
        inverse = reciprocal(scale)
        lowest *= -inverse
        for slab in self._slabs:
            part = slab.columns
            slab.round(inverse[part], lowest[part], self._found[:, part])
        scale, lowest = self._line(self._found)
        self._make_storable(scale, lowest)
        lines = self._lines
        self._by_group(scale, lines.scale)
        self._by_group(lowest, lines.lowest)
        self._by_group(self._found[0], lines.codes)
        self._by_group(self._found[1], lines.squares)
        return lines

    def codes(self, scale: Floats, lowest: Floats) -> Bytes:
        """The codes (k, groups, n) of the rows last fitted, for the lines (groups, n) stored."""
        for slab in self._slabs:
            part = slab.columns
            inverse = reciprocal(scale[:, slab.blocks]).reshape(-1)
            shift = self._start[part] - lowest[:, slab.blocks].reshape(-1)
            shift *= inverse
            inverse *= self._unit[part]
            slab.codes(inverse, shift, self._codes)
        return self._codes

    def _by_group(self, values: Floats, out: Floats) -> None:
        """Copy what there is for each column, (N,), to (groups, n)."""
        for slab in self._slabs:
            out[:, slab.blocks] = values[slab.columns].reshape(slab.by_group)

    def _spread_out(self, slab: Slab, rows: Floats) -> None:
        x, part = slab.turn(rows), slab.columns
        start = np.minimum.reduce(x, axis=0, out=self._start[part])
        if not self._kind.above_zero:
            np.minimum(start, np.float32(0), out=start)
        span = np.maximum.reduce(x, axis=0)
        span -= start
        np.divide(span, self._reach, out=self._unit[part])
        inverse = self._reach / span
        if not inverse.max() < np.inf:
            inverse[~(inverse < np.inf)] = 0
        np.multiply(start, -inverse, out=self._limit[part])
        slab.spread_out(start, inverse, self._sum_y[part])

    def _best(self) -> Floats:
        """The sums (3, N) of each group's best try: the one that explains most of y."""
        first, second, third = self._sums
        mean = np.divide(first, self._total, out=self._gain)
        spread = np.multiply(mean, first, out=self._work)
        np.subtract(second, spread, out=spread)
        flat = np.less_equal(spread, np.multiply(second, FLAT, out=self._products[0]))
        mean *= self._sum_y
        gain = np.subtract(third, mean, out=self._gain)
        gain *= gain
        gain /= spread
        if not self._kind.above_zero:
            self._limit_gain(gain)
        if flat.any():
            gain[flat] = 0
        places = row_of_largest(gain) * len(self._columns)
        places += self._columns
        for found, sums in zip(self._found, self._sums, strict=True):
            np.take(sums, places, out=found, mode="wrap")
        return self._found

    def _limit_gain(self, gain: Floats) -> None:
        """Correct what is explained where the lowest value may meet its limit."""
        columns = np.flatnonzero(self._limit < self._reach / 8)
        if len(columns):
            gain[:, columns] = self._gain_within(columns)

    def _gain_within(self, columns: NDArray[np.intp]) -> Floats:
        first, second, third = np.take(self._sums, columns, axis=2)
        sum_y, total = self._sum_y[columns], self._total[columns]
        spread = total * second - first * first
        lowest = np.minimum((sum_y * second - third * first) / spread, self._limit[columns])
        fit = third - lowest * first
        gain: Floats = fit * fit / second + lowest * (2 * sum_y - lowest * total)
        return gain

    def _line(self, sums: Floats) -> tuple[Floats, Floats]:
        """Scale and lowest (N,) in terms of y by least squares, lowest not beyond its limit."""
        first, second, third = sums
        squares = self._total * second
        spread = squares - first * first
        lowest = self._sum_y * second
        lowest -= third * first
        lowest /= spread
        squares *= FLAT
        flat = spread <= squares
        if flat.any():
            lowest[flat] = 0
        if not self._kind.above_zero:
            np.minimum(lowest, self._limit, out=lowest)
        scale = lowest * first
        np.subtract(third, scale, out=scale)
        scale /= second
        if not scale.min() > 0:  # weights that are zero, or not finite
            none = ~(scale > 0)
            scale[none] = lowest[none] = 0
        return scale, lowest

    def _make_storable(self, scale: Floats, lowest: Floats) -> None:
        """Turn lines in terms of y into lines in terms of the weights, if possible not too large."""
        scale *= self._unit
        lowest *= self._unit
        lowest += self._start
        if not self._kind.above_zero:
            np.minimum(lowest, np.float32(0), out=lowest)
        largest = self._kind.largest
        if scale.max() > largest:
            needed = self._unit * (self._reach / np.float32(self._kind.top))
            np.minimum(scale, np.maximum(needed, largest), out=scale)
        if lowest.min() < -largest:
            np.maximum(lowest, np.minimum(self._start, -largest), out=lowest)


def _slabs(n: int, kind: LineKind, tries: Tries, importance: Floats | None) -> Iterator[Slab]:
    """Cut n blocks into slabs, with importance into whole rows."""
    weights = kind.groups * kind.k
    if importance is None:
        for blocks in cut(n, max(2 * SLAB // weights, 1)):
            turn = Columns(blocks.stop - blocks.start, kind.groups, kind.k)
            yield EqualSlab(blocks, turn, kind.k, kind.top, tries)
        return
    rows = max(SLAB // (weights * len(importance)), 1)
    for blocks in cut(n, rows * len(importance)):
        size = blocks.stop - blocks.start
        turn = Columns(size, kind.groups, kind.k)
        of_slab = search_weights(importance, size, kind.groups, kind.k)
        yield WeightedSlab(blocks, turn, of_slab, kind.top, tries)
