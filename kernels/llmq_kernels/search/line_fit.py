"""Fitting scale * code + offset to groups of weights, by least squares.

For each group a few roundings of its range are candidates and a line is fitted to each; the best is
rounded once more and fitted again. Errors count equally, or by the importance of their columns.

With weights w of the errors, codes c and y = (x - start) / unit, all that a fit needs is

    S = sum w    S_c = sum w c    S_cc = sum w c^2    S_cy = sum w c y    S_y = sum w y
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import SLAB, Floats, buffer
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.arrays.select import row_of_largest
from llmq_kernels.search.candidates import LineCandidates, Roundings
from llmq_kernels.search.line_slabs import EqualSlab, LineSlab, WeightedSlab
from llmq_kernels.search.slabs import Workspace, cut_slabs, sizes

LARGEST = np.float32(65504)
"""The largest number in half precision."""

FLAT = np.float32(1e-5)
"""Codes whose variance is no more than this share of their mean square count as one code, because
rounding errors may be all that makes them differ."""


@dataclass(frozen=True)
class Allowed:
    """How a format's blocks are divided, and which lines its groups may have."""

    groups: int
    k: int
    """Weights in a group."""
    max_code: int
    largest: np.float32
    """The largest scale, and magnitude of an offset, that can be stored."""
    above_zero: bool
    """Whether the offset may be above zero."""


@dataclass(frozen=True)
class Lines:
    """A line for each group of n blocks, and sums over its weights: all (groups, n)."""

    scale: Floats
    offset: Floats
    total: Floats
    """S."""
    codes: Floats
    """S_c."""
    squares: Floats
    """S_cc."""


class LineFit:
    """Fits lines to the groups of n blocks: N = groups * n columns, slab after slab."""

    def __init__(
        self, n: int, allowed: Allowed, candidates: LineCandidates, importance: Floats | None
    ) -> None:
        roundings = candidates.plain if importance is None else candidates.weighted
        self._allowed, columns = allowed, allowed.groups * n
        self._slabs = _slabs(n, allowed, roundings, importance)
        self._y_max = self._slabs[0].y_max
        self._start, self._unit, self._limit, self._sum_y = buffer((4, columns))
        self._total = np.concatenate([slab.total for slab in self._slabs])
        self._columns = np.arange(columns, dtype=np.int32)
        self._sums, self._products = buffer((2, 3, len(roundings), columns))
        self._gain, self._work = buffer((2, len(roundings), columns))
        self._found = buffer((3, columns))
        self._lines = Lines(*buffer((5, allowed.groups, n)))
        self._by_group(self._total, self._lines.total)
        self._codes = buffer((allowed.k, allowed.groups, n), np.uint8)

    def __call__(self, rows: Floats) -> Lines:
        """Fit lines to rows (n, block); the result is the same buffers every time."""
        for slab in self._slabs:
            self._normalize(slab, rows)
            slab.round_candidates(self._sums[:, :, slab.columns])
        scale, offset = self._line(self._best())
        inverse = reciprocal(scale)
        offset *= -inverse
        for slab in self._slabs:
            part = slab.columns
            slab.round(inverse[part], offset[part], self._found[:, part])
        scale, offset = self._line(self._found)
        self._make_storable(scale, offset)
        lines = self._lines
        self._by_group(scale, lines.scale)
        self._by_group(offset, lines.offset)
        self._by_group(self._found[0], lines.codes)
        self._by_group(self._found[1], lines.squares)
        return lines

    def codes(self, scale: Floats, offset: Floats) -> Bytes:
        """The codes (k, groups, n) of the rows last fitted, for the lines (groups, n) stored."""
        for slab in self._slabs:
            part = slab.columns
            inverse = reciprocal(scale[:, slab.blocks]).reshape(-1)
            shift = self._start[part] - offset[:, slab.blocks].reshape(-1)
            shift *= inverse
            inverse *= self._unit[part]
            slab.codes(inverse, shift, self._codes)
        return self._codes

    def _by_group(self, values: Floats, out: Floats) -> None:
        """Copy what there is for each column, (N,), to (groups, n)."""
        for slab in self._slabs:
            out[:, slab.blocks] = values[slab.columns].reshape(slab.by_group)

    def _normalize(self, slab: LineSlab, rows: Floats) -> None:
        """Find start, unit = (largest - start) / y_max, and the limit: where in y zero lies."""
        x, part = slab.transpose(rows), slab.columns
        start = np.minimum.reduce(x, axis=0, out=self._start[part])
        if not self._allowed.above_zero:
            np.minimum(start, np.float32(0), out=start)
        span = np.maximum.reduce(x, axis=0)
        span -= start
        span += np.float32(0)  # -0 of zeros, whose inverse would be -inf, becomes +0
        np.divide(span, self._y_max, out=self._unit[part])
        inverse = self._y_max / span
        if not inverse.max() < np.inf:
            inverse[~(inverse < np.inf)] = 0
        np.multiply(start, -inverse, out=self._limit[part])
        slab.normalize(start, inverse, self._sum_y[part])

    def _best(self) -> Floats:
        """S_c, S_cc and S_cy (3, N) of each group's best candidate: it explains most of y.

        The best line of a candidate leaves sum w (y - S_y / S)^2 less

            gain = (S_cy - S_c S_y / S)^2 / (S_cc - S_c^2 / S)
        """
        first, second, third = self._sums
        mean = np.divide(first, self._total, out=self._gain)
        spread = np.multiply(mean, first, out=self._work)
        np.subtract(second, spread, out=spread)
        flat = np.less_equal(spread, np.multiply(second, FLAT, out=self._products[0]))
        mean *= self._sum_y
        gain = np.subtract(third, mean, out=self._gain)
        gain *= gain
        gain /= spread
        if not self._allowed.above_zero:
            self._limit_gain(gain)
        if flat.any():
            gain[flat] = 0
        places = row_of_largest(gain) * len(self._columns)
        places += self._columns
        for found, sums in zip(self._found, self._sums, strict=True):
            np.take(sums, places, out=found, mode="wrap")
        return self._found

    def _limit_gain(self, gain: Floats) -> None:
        """Correct what is explained where the offset may meet its limit."""
        columns = np.flatnonzero(self._limit < self._y_max / 8)
        if len(columns):
            gain[:, columns] = self._gain_within(columns)

    def _gain_within(self, columns: NDArray[np.intp]) -> Floats:
        """What candidates explain of sum w y^2 with an offset o that is within its limit:

        o = min((S_y S_cc - S_cy S_c) / (S S_cc - S_c^2), limit)
        gain = (S_cy - o S_c)^2 / S_cc + o (2 S_y - o S)
        """
        first, second, third = np.take(self._sums, columns, axis=2)
        sum_y, total = self._sum_y[columns], self._total[columns]
        spread = total * second - first * first
        offset = np.minimum((sum_y * second - third * first) / spread, self._limit[columns])
        fit = third - offset * first
        gain: Floats = fit * fit / second + offset * (2 * sum_y - offset * total)
        return gain

    def _line(self, sums: Floats) -> tuple[Floats, Floats]:
        """Scale s and offset o (N,) in terms of y by least squares, o not beyond its limit:

        o = min((S_y S_cc - S_cy S_c) / (S S_cc - S_c^2), limit)
        s = (S_cy - o S_c) / S_cc
        """
        first, second, third = sums
        squares = self._total * second
        spread = squares - first * first
        offset = self._sum_y * second
        offset -= third * first
        offset /= spread
        squares *= FLAT
        flat = spread <= squares
        if flat.any():
            offset[flat] = 0
        if not self._allowed.above_zero:
            np.minimum(offset, self._limit, out=offset)
        scale = offset * first
        np.subtract(third, scale, out=scale)
        scale /= second
        if not scale.min() > 0:  # weights that are zero, or not finite
            none = ~(scale > 0)
            scale[none] = offset[none] = 0
        return scale, offset

    def _make_storable(self, scale: Floats, offset: Floats) -> None:
        """Make lines in terms of y lines in terms of the weights, if possible not too large."""
        scale *= self._unit
        offset *= self._unit
        offset += self._start
        if not self._allowed.above_zero:
            np.minimum(offset, np.float32(0), out=offset)
        largest = self._allowed.largest
        if scale.max() > largest:
            needed = self._unit * (self._y_max / np.float32(self._allowed.max_code))
            np.minimum(scale, np.maximum(needed, largest), out=scale)
        if offset.min() < -largest:
            np.maximum(offset, np.minimum(self._start, -largest), out=offset)


def _slabs(
    n: int, allowed: Allowed, roundings: Roundings, importance: Floats | None
) -> list[LineSlab]:
    """Cut n blocks into slabs; those of integers take half the memory."""
    groups, k = allowed.groups, allowed.k
    weights = 2 * SLAB if importance is None else SLAB
    parts = cut_slabs(n, groups * k, importance, weights=weights)
    spaces = {size: Workspace(size, groups, k, importance) for size in sizes(parts)}
    make: type[EqualSlab | WeightedSlab] = EqualSlab if importance is None else WeightedSlab
    return [
        make(part, spaces[part.stop - part.start], allowed.max_code, roundings) for part in parts
    ]
