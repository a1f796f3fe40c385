"""Rounding the scales and mins of a superblock's groups to small integers, together.

A group's scale s and min m (its offset, negated) that are off by u and v raise its error by

    S_cc u^2 - 2 S_c u v + S v^2

whose coefficients the fit has left behind; so no weight is looked at again. For a scale that is off
the best min is off too, by u S_c / S, and the error then grows by (S_cc - S_c^2 / S) u^2 only.

First come the units whose rounding changes scales and mins least. Then for either of the two
nearest codes of a scale the best code of the min follows, and the better pair is kept. Last the
units are fitted to the codes.
"""

import numpy as np

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import Floats, buffer
from llmq_kernels.arrays.float16 import Halves, to_f16
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.arrays.select import row_of_least
from llmq_kernels.arrays.sums import column_sums
from llmq_kernels.search.line_fit import LARGEST, Lines

UNITS = 4
"""How many units are candidates: those in which the largest value has the largest code or one of
the three before it."""

ELEVEN_BITS = np.float32(8193)
"""The difference of this multiple of a float and the rest of it has the precision of a half."""

UP = np.float32(2**-25)
"""Half of the smallest number in half precision: added before rounding, it rounds those up that
are subnormal."""

COARSE = np.float32(2**-17)
"""Below, half precision is so coarse that rounding loses more than a refined unit gains."""

WELL_POSED = np.float32(1e-4)
"""The least share of a determinant's terms that is more than their rounding errors."""


class JointRounding:
    """Finds the units d and dmin of n superblocks, and codes 0 .. limit of scales and mins."""

    def __init__(self, groups: int, n: int, limit: int) -> None:
        self._limit = np.float32(limit)
        self._largest_codes = self._limit - np.arange(UNITS, dtype=np.float32)[:, None, None]
        self._values, self._curvatures, self._codes, self._products = buffer((4, groups, 2, n))
        self._slope = buffer((groups, n))
        self._in_units, self._off = buffer((2, groups, UNITS, 2, n))
        self._errors = buffer((UNITS, 2, n))
        self._candidates = buffer((2, 2, groups, n))
        self._off_scale, self._off_min, self._change = buffer((3, 2, groups, n))
        self._terms, self._sums = buffer((groups, 5, n)), buffer((5, n))

    def __call__(self, lines: Lines) -> tuple[Halves, Bytes]:
        """The units (2, n), and the codes (groups, 2, n) in these units."""
        values, curvatures = self._values, self._curvatures
        values[:, 0] = lines.scale
        np.negative(lines.offset, out=values[:, 1])
        np.divide(lines.codes, lines.total, out=self._slope)
        np.subtract(lines.squares, self._slope * lines.codes, out=curvatures[:, 0])
        curvatures[:, 1] = lines.total
        units = self._units()
        self._round(units)
        curvatures[:, 0] = lines.squares
        self._refit(units, lines.codes)
        return to_f16(units), self._codes.astype(np.uint8)

    def _units(self) -> Floats:
        """The units (2, n) in which rounded values z are off least, scales and mins by themselves:

        sum over groups of curvature (unit round(z / unit) - z)^2

        where curvature is S_cc - S_c^2 / S of scales and S of mins.
        """
        largest = np.maximum.reduce(self._values, axis=0)
        units = largest / self._largest_codes
        multiple = units * ELEVEN_BITS
        units = multiple - (multiple - units)
        exact = np.multiply(self._values[:, None], np.float32(1) / units, out=self._in_units)
        off = np.rint(exact, out=self._off)
        off -= exact
        off *= off
        off *= self._curvatures[:, None]
        column_sums(off.reshape(len(off), -1), self._errors.reshape(-1))
        self._errors *= units
        self._errors *= units
        units = largest / (self._limit - row_of_least(self._errors).astype(np.float32))
        units += UP
        halves = to_f16(units)
        return halves.astype(np.float32)

    def _round(self, units: Floats) -> None:
        """Find the codes (a, b) in these units: of a = floor(s / d) and the next the better one.

        With u = d a - s the best min is m + u S_c / S, b rounds it to a multiple of dmin, and

            error = (S_cc - S_c^2 / S) u^2 + S (m + u S_c / S - dmin b)^2
        """
        (d, dmin), inverse = units, reciprocal(units)
        scale, minimum, (scales, mins) = self._values[:, 0], self._values[:, 1], self._candidates
        np.floor(np.multiply(scale, inverse[0], out=scales[1]), out=scales[0])
        np.add(scales[0], np.float32(1), out=scales[1])
        np.minimum(scales, self._limit, out=scales)
        off = np.multiply(scales, d, out=self._off_scale)
        off -= scale
        rest = np.multiply(off, self._slope, out=self._off_min)
        rest += minimum  # the best min
        np.rint(np.multiply(rest, inverse[1], out=mins), out=mins)
        np.maximum(mins, np.float32(0), out=mins)
        np.minimum(mins, self._limit, out=mins)
        rest -= np.multiply(mins, dmin, out=self._change)
        rest *= rest
        rest *= self._curvatures[:, 1]
        off *= off
        off *= self._curvatures[:, 0]
        rest += off
        change = np.subtract(self._candidates[:, 1], self._candidates[:, 0], out=self._change)
        change *= rest[1] < rest[0]
        np.add(self._candidates[:, 0], change, out=self._codes.transpose(1, 0, 2))

    def _refit(self, units: Floats, sums_of_codes: Floats) -> None:
        """Replace units by those that fit codes (a, b) best, where that is safe. Sums over groups:

        d sum S_cc a^2  - dmin sum S_c a b = sum a (S_cc s - S_c m)
        dmin sum S b^2  - d sum S_c a b    = sum b (S m - S_c s)
        """
        codes, values, terms = self._codes, self._values, self._terms
        products = np.multiply(self._curvatures, codes, out=self._products)
        np.multiply(products, codes, out=terms[:, :2])
        np.multiply(products, values, out=terms[:, 2:4])
        np.multiply(codes[:, ::-1], sums_of_codes[:, None], out=products)
        np.multiply(products[:, 0], codes[:, 0], out=terms[:, 4])
        products *= values
        terms[:, 2:4] -= products[:, ::-1]
        column_sums(terms.reshape(len(terms), -1), self._sums.reshape(-1))
        power, fit, both = self._sums[:2], self._sums[2:4], self._sums[4]
        determinant = power[0] * power[1]
        least = determinant * WELL_POSED
        determinant -= both * both
        fitted = fit * power[::-1]
        fitted += fit[::-1] * both
        fitted /= determinant
        safe = determinant > least
        safe &= np.minimum.reduce(fitted, axis=0) > COARSE
        safe &= np.maximum.reduce(fitted, axis=0) < LARGEST
        np.copyto(units, fitted, where=safe)
