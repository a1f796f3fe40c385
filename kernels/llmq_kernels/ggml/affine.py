"""make_qkx2_quants, make_qkx3_quants: fitting scale * code + offset to columns of weights.

A first rounding spreads the codes evenly over a column's range. Each candidate then rounds a little
more coarsely or finely, from the offset of the best line so far; fits a line to its codes l by
least squares, weighted by the error weights w; and replaces the best line if its error is smaller:

    scale  = (sum w  sum w x l - sum w x  sum w l) / D     D = sum w  sum w l^2 - (sum w l)^2
    offset = (sum w l^2  sum w x - sum w l  sum w x l) / D

and where that offset is above zero it is 0, and scale = sum w x l / sum w l^2. So candidates depend
on one another, and go one after the other, over all columns at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import SLAB, Floats, buffer
from llmq_kernels.arrays.rounding import nearest
from llmq_kernels.arrays.sums import column_sums, dot

EXACT = 4194303.0
"""The largest magnitude that `nearest` rounds as any rounding does."""

HUGE = np.float32(1e37)
TINY = np.float32(1e-36)
"""Beyond these magnitudes a difference or a reciprocal may overflow."""


@dataclass(frozen=True)
class Steps:
    """What candidates add to the number of steps in a column's range: `count`, from `first` on."""

    first: float
    width: float
    count: int

    def __iter__(self) -> Iterator[np.float32]:
        for number in range(self.count):
            yield np.float32(self.first) + np.float32(self.width) * np.float32(number)


WITH_IMPORTANCE = Steps(-0.9, 0.05, 37)
"""The candidates of every format that is given an importance matrix."""


class Fits(NamedTuple):
    """Lines for n columns, and the roundings that they were fitted to: all (n,)."""

    inverse: Floats
    origin: Floats
    error: Floats
    offset: Floats
    scale: Floats


def first_lowest(x: Floats) -> Floats:
    """The first of the lowest elements of each column of (k, n): of zeros, its sign counts."""
    lowest: Floats = np.minimum.reduce(x, axis=0)
    zeros = np.flatnonzero(lowest == 0)
    if len(zeros):
        first = (x[:, zeros] == 0).argmax(axis=0)
        lowest[zeros] = x[first, zeros]
    return lowest


def codes_of(x: Floats, fits: Fits, max_code: int) -> Bytes:
    """The codes 0 .. max_code of columns x (k, n) that the lines were fitted to."""
    codes = x - fits.origin
    codes *= fits.inverse
    return round_codes(codes, max_code)


def round_codes(scaled: Floats, max_code: int) -> Bytes:
    """Round to 0 .. max_code as `nearest` does; the scaled weights are lost."""
    if scaled.min() >= -EXACT and scaled.max() <= EXACT:
        np.rint(scaled, out=scaled)
    else:  # something large, or NaN
        scaled[...] = nearest(scaled)
    np.clip(scaled, 0, max_code, out=scaled)
    return scaled.astype(np.uint8)


class AffineSearch:
    """Fits scale * code + offset to n columns of k weights, with codes 0 .. max_code.

    The error of a weight is its distance from the line, squared unless `absolute` is asked for.
    """

    def __init__(
        self, k: int, n: int, max_code: int, steps: Steps, *, absolute: bool = False
    ) -> None:
        width = -(-n // -(-n * k // SLAB) // 16) * 16  # a row of floats is whole cache lines
        self._slices = [slice(start, min(start + width, n)) for start in range(0, n, width)]
        self._tiles = {
            size: _Tile(k, max(size, 2), max_code, steps, absolute=absolute)
            for size in {part.stop - part.start for part in self._slices}
        }
        self._found = buffer((len(Fits._fields), n))

    def __call__(self, x: Floats, weights: Floats) -> Fits:
        """Fit lines to x (k, n) with these weights of the errors; the buffers are used again.

        The scale is 0 where all elements are equal and none is positive.
        """
        for part in self._slices:
            size = part.stop - part.start
            found = self._tiles[size](x[:, part], weights[:, part])
            self._found[:, part] = found[:, :size]
        return Fits(*self._found)


class _Tile:
    """As many columns as fit the cache with all that is computed for them, but at least two."""

    def __init__(self, k: int, n: int, max_code: int, steps: Steps, *, absolute: bool) -> None:
        self._magnitude = np.abs if absolute else np.square
        # With less than half a step more, no product rounds to more than max_code.
        self._targets = [(step + np.float32(max_code), bool(step > 0.49)) for step in steps]
        self._x, self._weights, self._codes, self._once, self._work = (
            buffer((k, n)) for _ in range(5)
        )
        self._x.fill(0)
        self._weights.fill(0)
        self._rows: Floats = buffer((len(Fits._fields), n))
        self._candidate_rows: Floats = buffer(self._rows.shape)
        self._bits, self._candidate_bits = (
            rows.view(np.int32) for rows in (self._rows, self._candidate_rows)
        )
        self._best, self._candidate = Fits(*self._rows), Fits(*self._candidate_rows)
        self._high, self._farthest, self._zero, self._max_code = buffer((4, n))
        self._zero.fill(0)
        self._max_code.fill(max_code)
        self._of_all = buffer((2, n))  # sums of weight * x and of weight
        self._of_codes = buffer((3, n))  # of weight * code * x, of weight * code; of weight * x
        self._of_squares = buffer((n,))  # of weight * code * code
        self._line, self._subtrahend = buffer((3, n)), buffer((3, n))
        self._change, self._better = buffer(self._rows.shape, np.int32), buffer((n,), np.int32)

    def __call__(self, x: Floats, weights: Floats) -> Floats:
        """Return the rows of `Fits`."""
        self._x[:, : x.shape[1]] = x
        self._weights[:, : x.shape[1]] = weights
        level = self._spread_evenly()
        for target, clipped in self._targets:
            self._round_again(target, clipped=clipped)
            self._sum_up()
            self._fit_line()
            self._measure(self._candidate)
            self._keep_better()
        self._best.scale[level] = 0
        return self._rows

    def _spread_evenly(self) -> NDArray[np.intp]:
        """Make the first line; return the columns that are level."""
        best, high, low = self._best, self._high, first_lowest(self._x)
        np.maximum.reduce(self._x, axis=0, out=high)
        self._limit_origins(np.maximum(np.abs(low), np.abs(high)))
        low[low > 0] = 0
        level = np.flatnonzero(high <= low)
        high[level] = self._farthest[level] = np.inf  # every product and code will be 0
        self._tame = bool(self._farthest.min() > 0)  # no origin is: there is nothing to check
        np.divide(self._max_code, high - low, out=best.inverse)
        np.divide(np.float32(1), best.inverse, out=best.scale)
        best.origin[...] = best.offset[...] = low
        np.multiply(self._weights, self._x, out=self._once)
        column_sums(self._once, self._of_all[0])  # not from 0: it may be -0
        column_sums(self._weights, self._of_all[1])
        self._of_codes[2] = self._of_all[0]
        self._round(best, clipped=False)
        self._measure(best)
        return level

    def _limit_origins(self, largest: Floats) -> None:
        """Find how far a column's origin may move up without products beyond `EXACT`.

        They are at most max_code + 1 times (largest - origin) / (high - origin) for the largest
        magnitude. Twice as much is allowed for, because of rounding errors.
        """
        ratio = np.float32(EXACT) / (2 * self._max_code + 2)
        np.divide(ratio * self._high - largest, ratio - 1, out=self._farthest)
        np.minimum(self._farthest, self._high - TINY, out=self._farthest)
        self._farthest[~(largest < HUGE)] = -np.inf

    def _round_again(self, target: np.float32, *, clipped: bool) -> None:
        """Find the codes of the next candidate: the range of a column in `target` steps."""
        candidate, offset = self._candidate, self._best.offset
        np.subtract(self._high, offset, out=candidate.inverse)
        np.divide(target, candidate.inverse, out=candidate.inverse)
        np.copyto(candidate.origin, offset)
        self._round(candidate, clipped=clipped)

    def _round(self, fits: Fits, *, clipped: bool) -> None:
        """Make codes of inverse * (x - origin), which may exceed max_code only if `clipped`."""
        codes = np.subtract(self._x, fits.origin, out=self._codes)
        codes *= fits.inverse
        if not (self._tame or (fits.origin < self._farthest).all()):
            whole = nearest(codes)
            np.clip(whole, 0, int(self._max_code[0]), out=whole)
            codes[...] = whole
            return
        np.rint(codes, out=codes)
        np.maximum(codes, self._zero, out=codes)
        if clipped:
            np.minimum(codes, self._max_code, out=codes)

    def _sum_up(self) -> None:
        """Sum up the codes, in ggml's order of multiplication: (weight * code) * x, say."""
        once = np.multiply(self._weights, self._codes, out=self._once)
        np.add.reduce(once, axis=0, out=self._of_codes[1])
        dot(once, self._codes, self._work, self._of_squares)
        dot(once, self._x, once, self._of_codes[0])

    def _fit_line(self) -> None:
        """Solve the two normal equations; their determinant becomes the middle row of `_line`."""
        line, candidate, fit = self._line, self._candidate, self._of_codes[0]
        np.multiply(self._of_all, self._of_squares, out=line[:2])
        np.multiply(self._of_all[1], fit, out=line[2])
        line -= np.multiply(self._of_codes, self._of_codes[1], out=self._subtrahend)
        np.divide(line[::2], line[1], out=self._candidate_rows[3:])
        above = candidate.offset > 0
        if np.count_nonzero(above):
            columns = np.flatnonzero(above)
            candidate.offset[columns] = 0
            candidate.scale[columns] = fit[columns] / self._of_squares[columns]

    def _measure(self, fits: Fits) -> None:
        """Sum the weighted errors, in the memory of the codes."""
        errors = self._codes
        errors *= fits.scale
        errors += fits.offset
        errors -= self._x
        self._magnitude(errors, out=errors)
        dot(errors, self._weights, errors, fits.error)

    def _keep_better(self) -> None:
        """Replace lines by bits: several times as fast as NumPy's masked copies."""
        better = self._candidate.error < self._best.error
        better &= self._line[1] > 0
        np.copyto(self._better, better)
        change = np.bitwise_xor(self._bits, self._candidate_bits, out=self._change)
        change *= self._better
        self._bits ^= change
