"""quantize_row_iq4_nl_impl: a scale for the codebook of IQ4_NL, and for the groups of IQ4_XS.

Sixteen candidates take a column's weight of largest magnitude to a target and round the column to
the codebook; the best is chosen as in symmetric.py. To look up so many values is what takes the
time. Therefore four candidates are looked up at once: the ratio of a weight to the largest decides
all its values, and a table holds them for 16,384 ranges of that ratio. Where a range holds the
border of two values, the weight is multiplied and rounded as ggml does it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks, Bytes, in_quads, join_fours
from llmq_kernels.arrays.codebook import MIDDLES, VALUES, CodeFinder, nearest_values
from llmq_kernels.arrays.columns import Columns, Floats, buffer, cut
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.rounding import first_largest, nearest, reciprocal
from llmq_kernels.arrays.sums import column_sums
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import ScaleParts, StoreScales
from llmq_kernels.ggml.error_weights import ErrorWeights, sums_of_squares
from llmq_kernels.ggml.symmetric import NEGLIGIBLE, Candidates

Places = NDArray[np.intp]

TARGETS = np.array([127, *range(-134, -119)], np.float32)
"""Where the candidates take the weight of largest magnitude."""

WIDTH = 512
"""Columns of a tile, so that the buffers stay in the second-level cache.

No byte of the result depends on it.
"""

RANGES = 16384
HALF = np.float32((RANGES - 1) / 2)
MARGIN = 1e-6
"""How far outside its range a ratio may lie: more than all roundings on the way to it add up to."""


@cache
def _tables() -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Values of four candidates as one integer (fours, ranges); which ranges hold a border."""
    edges = np.arange(RANGES + 1) / float(HALF) - 1
    low, high = edges[:-1] - MARGIN, edges[1:] + MARGIN
    values = np.empty((RANGES, len(TARGETS)), np.int8)
    mixed = np.zeros(RANGES, np.bool_)
    for number, target in enumerate(TARGETS):
        codes = np.searchsorted(MIDDLES, 2 * float(target) * low, side="right")
        mixed |= codes != np.searchsorted(MIDDLES, 2 * float(target) * high, side="right")
        values[:, number] = np.take(VALUES, codes)
    return np.ascontiguousarray(values.view(np.int32).T), mixed


@dataclass(frozen=True)
class CodebookBlocks:
    """Makes encoders of IQ4_NL."""

    store: StoreScales

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        fit = _Fit(n, 1, importance)

        def encode(rows: Floats, out: Blocks) -> None:
            d = fit(rows)[0]
            self.store(out, ScaleParts(to_f16(d), fit.codes(d)))

        return encode


@dataclass(frozen=True)
class CodebookSuperblocks:
    """Makes encoders of IQ4_XS, with `groups` groups of 32 weights."""

    groups: int
    store: StoreScales

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        fit = _Fit(n, self.groups, importance)

        def encode(rows: Floats, out: Blocks) -> None:
            d, scales = _six_bit_scales(fit(rows))
            steps = d * (scales.astype(np.float32) - 32)  # (groups, n)
            self.store(out, ScaleParts(to_f16(d), fit.codes(steps.reshape(-1)), scales))

        return encode


class _Fit:
    """Scales of the groups of n blocks, and codes for the scales as they are stored."""

    def __init__(self, n: int, groups: int, importance: Floats | None) -> None:
        self._columns = Columns(n, groups, 32)
        self._shape = 32, groups, n
        self._weigh = None if importance is None else ErrorWeights(importance, n, groups, 32)
        self._search = CodebookSearch(32, groups * n)
        self._find_codes = CodeFinder(32, groups * n)

    def __call__(self, rows: Floats) -> Floats:
        """The scales (groups, n) of rows (n, block)."""
        x, weights = self._columns(rows), None
        k, groups, n = self._shape
        if self._weigh is not None:
            sigma2 = sums_of_squares(x) * np.float32(2 / (groups * k))
            weights = self._weigh(x, sigma2).reshape(k, -1)
        self._x = x.reshape(k, -1)
        return self._search(self._x, weights).reshape(groups, n)

    def codes(self, scales: Floats) -> Bytes:
        """The codes of the rows last fitted, in quads, for scales (groups * n,)."""
        return in_quads(self._find_codes(self._x, reciprocal(scales)).reshape(self._shape))


def _six_bit_scales(found: Floats) -> tuple[Floats, Bytes]:
    """Express the scales found (groups, n) in units of a d (n,); 32 stands for 0."""
    largest = first_largest(np.where(np.isnan(found), np.float32(0), found))
    d = -largest / np.float32(32)
    codes = np.clip(nearest(reciprocal(d) * found), -32, 31) + 32
    return d, codes.astype(np.uint8)


class CodebookSearch:
    """Fits scale * codebook value to n columns of k weights."""

    def __init__(self, k: int, n: int) -> None:
        self._candidates = Candidates(len(TARGETS), n)
        self._parts = list(cut(n, WIDTH))
        widths = {part.stop - part.start for part in self._parts}
        self._tiles = {width: _Tile(k, width) for width in widths}

    def __call__(self, x: Floats, weights: Floats | None) -> Floats:
        """Return each column's scale, 0 for a negligible column.

        x and weights (of the squared errors; the squares of x if None) are (k, n).
        """
        largest = first_largest(x)
        negligible = np.flatnonzero(np.abs(largest) < NEGLIGIBLE)
        largest[negligible] = np.inf  # then every candidate multiplies by 0
        to_ranges = HALF / largest
        for part in self._parts:
            tile, place = self._tiles[part.stop - part.start], np.s_[:, part]
            tile.fill(x[place], None if weights is None else weights[place])
            unsure = tile.find_ranges(x[place], to_ranges[part])
            sure = tile.values_at(unsure, x[place], largest[part])
            tile.sum_up(unsure, sure, self._candidates.fit[place], self._candidates.power[place])
        self._lose_nan()
        _, scales = self._candidates.best()
        scales[negligible] = 0
        return scales

    def _lose_nan(self) -> None:
        """The first candidate's scale is 0 where its power is NaN, as where its power is 0."""
        lost = np.flatnonzero(np.isnan(self._candidates.power[0]))
        self._candidates.power[0, lost] = self._candidates.fit[0, lost] = 0


class _Tile:
    """A few columns; in its wide arrays four candidates of a column lie side by side."""

    def __init__(self, k: int, width: int) -> None:
        self.width = width
        self._table, self._holds_border = _tables()
        self._ratios, self._places = buffer((k, width)), buffer((k, width), np.intp)
        self._ranges, self._unsure = buffer((k, width), np.uint16), buffer((k, width), np.bool_)
        self._found = buffer((k, width), np.int32)
        self._wide_shape = (k, width, 4)
        self._x, self._weights, self._values, self._products = buffer((4, k, width * 4))
        self._sums = buffer((width * 4,))

    def fill(self, x: Floats, weights: Floats | None) -> None:
        """Take weights (k, width) and the weights of their squared errors."""
        for number in range(4):
            self._x.reshape(self._wide_shape)[:, :, number] = x
            if weights is not None:
                self._weights.reshape(self._wide_shape)[:, :, number] = weights
        if weights is None:
            np.multiply(self._x, self._x, out=self._weights)

    def find_ranges(self, x: Floats, to_ranges: Floats) -> Places:
        """Find the range of each weight; return the flat places of those that hold a border."""
        np.multiply(x, to_ranges, out=self._ratios)
        self._ratios += HALF
        np.copyto(self._ranges, self._ratios, casting="unsafe")
        np.copyto(self._places, self._ranges)
        np.take(self._holds_border, self._places, out=self._unsure, mode="wrap")
        return np.flatnonzero(self._unsure)

    def values_at(self, places: Places, x: Floats, largest: Floats) -> NDArray[np.int32]:
        """The values of a few weights as in the table, (fours, places), rounded one by one."""
        rows, columns = np.divmod(places, self.width)
        of_columns = largest[columns]
        doubled = 2 * TARGETS[:, None] / of_columns
        doubled[0] = 2 / (of_columns / TARGETS[0])  # the first candidate's way to it
        doubled *= x[rows, columns]
        return join_fours(nearest_values(doubled).view(np.uint8)).view(np.int32)

    def sum_up(self, unsure: Places, sure: NDArray[np.int32], fit: Floats, power: Floats) -> None:
        """Sum weights * value * x and weights * value^2 for every candidate."""
        values, products = self._values, self._products
        for four, table in enumerate(self._table):
            np.take(table, self._places, out=self._found, mode="wrap")
            self._found.reshape(-1)[unsure] = sure[four]
            np.copyto(values, self._found.view(np.int8))
            np.multiply(self._weights, values, out=products)
            values *= products
            self._add(values, power[4 * four : 4 * four + 4])
            products *= self._x
            self._add(products, fit[4 * four : 4 * four + 4])

    def _add(self, products: Floats, out: Floats) -> None:
        column_sums(products, self._sums)
        out[...] = self._sums.reshape(-1, 4).T
