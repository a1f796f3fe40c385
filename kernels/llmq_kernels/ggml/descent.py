"""make_q3_quants: fitting scale * code by changing one code at a time.

The weights x of a column, with error weights x^2, are first rounded so that the largest meets
-nmax. Then each code l in turn becomes what the scale of all others would round its weight to,

    round(x sum' x^2 l^2 / sum' x^3 l)        sum': over the others

where that increases (sum x^3 l)^2 / sum x^2 l^2; for five sweeps or until one changes nothing.

In four columns of five no code changes. One pass over all finds where one might; only those are
looked at, from one change straight to the next.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import SLAB, Floats, buffer, cut
from llmq_kernels.arrays.rounding import first_largest
from llmq_kernels.arrays.sums import column_sums, dot_square
from llmq_kernels.ggml.symmetric import NEGLIGIBLE

SWEEPS = 5
K = 16

HALF = np.float32(0.499)
ROUNDING = np.float32(2**-15)
"""More than the sums and products of a column are off by, in units of its fit."""
SUBNORMAL = np.float32(2**-120)
"""More than they are off by where they are subnormal."""

# Sets of rows are the bits of an integer.
ROWS = (1 << np.arange(K)).astype(np.uint16)[:, None]
FROM = (0xFFFF << np.arange(K + 1) & 0xFFFF).astype(np.uint16)
_every = np.arange(1 << K)
LOWEST = np.frexp(_every & -_every)[1].astype(np.intp) - 1

Places = NDArray[np.intp]
Sets = NDArray[np.uint16]


class CodeDescent:
    """Fits scale * code to n columns of 16 weights, with codes -nmax .. nmax - 1."""

    def __init__(self, n: int, nmax: int) -> None:
        self._nmax, self._n = nmax, n
        self._width = min(SLAB // K, n)
        self._work = buffer((7, K * self._width))
        self._min_code, self._max_code = buffer((2, self._width))
        self._min_code.fill(-nmax)
        self._max_code.fill(nmax - 1)
        self._codes = buffer((K, n))
        self._inverse = buffer((n,))
        self._sums = buffer((2, n))  # fit and power

    def __call__(self, x: Floats) -> tuple[Floats, Floats]:
        """Return each column's scale, and the factor that x was multiplied by at first.

        x is (16, n). Both results are 0 for a negligible column.
        """
        largest = first_largest(x)
        largest[np.abs(largest) < NEGLIGIBLE] = np.inf
        np.divide(np.float32(-self._nmax), largest, out=self._inverse)
        parts = list(cut(self._n, self._width))
        columns = np.concatenate([self._round(x[:, some], some) for some in parts])
        for some in parts:
            self._descend(x, columns[some])
        fit, power = self._sums
        scale = fit / power
        scale[~(power > 0)] = 0
        return scale, self._inverse

    def codes(self, columns: Places) -> Bytes:
        """The codes of some columns, counted from 0; all 0 in a negligible column."""
        codes = np.take(self._codes, columns, axis=1) + np.float32(self._nmax)
        codes[:, self._inverse[columns] == 0] = 0
        return codes.astype(np.uint8)

    def _of(self, n: int) -> NDArray[Any]:
        """Work space for n columns."""
        return self._work[:, : K * n].reshape(-1, K, n)

    def _round(self, x: Floats, some: slice) -> Places:
        """Round some columns and sum up; return those where a code might change.

        The others' scale takes weight x at least one half away from its code where
        |x * power - code * fit| >= (fit - x^3 * code) / 2. The bound is a little lower, to be
        beyond all rounding; it is below 0 where the others have next to no fit.
        """
        inverse, fit, power = self._inverse[some], *self._sums[:, some]
        codes, shares, away = self._of(x.shape[1])[:3]
        np.multiply(x, inverse, out=codes)
        np.rint(codes, out=codes)
        np.minimum(codes, self._max_code[: x.shape[1]], out=codes)
        self._codes[:, some] = codes
        np.multiply(x, x, out=shares)
        dot_square(shares, codes, away, power)
        shares *= x
        shares *= codes
        column_sums(shares, fit)
        np.multiply(x, power, out=away)
        codes *= fit
        away -= codes
        np.abs(away, out=away)
        shares *= HALF
        np.subtract(fit * (HALF - ROUNDING) - SUBNORMAL, shares, out=shares)
        stays = np.logical_and.reduce(away < shares, axis=0)  # not so NaN
        # Codes of the other sign leave no fit above 0, and none is changed.
        columns: Places = np.flatnonzero((inverse > 0) & ~stays) + some.start
        return columns

    def _descend(self, x: Floats, columns: Places) -> None:
        """Sweep over columns, from one change to the next."""
        row, sweep = np.zeros((2, len(columns)), np.intp)  # where to look on
        while len(columns):
            better, codes, fit, power = self._changes(x, columns)
            ahead = better & np.take(FROM, row)
            again = (ahead == 0) & (sweep < SWEEPS - 1)
            ahead |= better * again
            left = np.flatnonzero(ahead)
            sweep = np.take(sweep + again, left)
            row = np.take(LOWEST, np.take(ahead, left))
            place = row * len(columns) + left
            columns = np.take(columns, left)
            self._codes[row, columns] = np.take(codes, place)
            self._sums[:, columns] = np.take(fit, place), np.take(power, place)
            row += 1

    def _changes(self, x: Floats, columns: Places) -> tuple[Sets, Floats, Floats, Floats]:
        """What each code of some columns (m,) would become.

        Returns the rows where that is better, and (16, m) new codes and fit and power with each.
        Quotients beyond 2^22, which `nearest` takes for others, come from nothing but infinities
        and change no code.
        """
        values, old, square, cube, fit, power, new = self._of(len(columns))
        all_fit, all_power = np.take(self._sums, columns, axis=1)
        np.take(x, columns, axis=1, out=values, mode="clip")
        np.take(self._codes, columns, axis=1, out=old, mode="clip")
        np.multiply(values, values, out=square)
        np.multiply(square, values, out=cube)
        np.multiply(cube, old, out=fit)
        np.subtract(all_fit, fit, out=fit)
        np.multiply(square, old, out=power)
        power *= old
        np.subtract(all_power, power, out=power)
        np.multiply(values, power, out=new)
        new /= fit
        np.rint(new, out=new)
        np.minimum(new, self._max_code[: len(columns)], out=new)
        np.maximum(new, self._min_code[: len(columns)], out=new)
        better = new != old
        better &= fit > 0
        cube *= new
        fit += cube
        square *= new
        square *= new
        power += square
        better &= power > 0
        np.multiply(fit, fit, out=cube)
        cube *= all_power
        better &= cube > np.multiply(all_fit * all_fit, power, out=square)
        return np.bitwise_or.reduce(better * ROWS, axis=0), new, fit, power
