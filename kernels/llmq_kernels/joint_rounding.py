"""Rounding the scales and the lowest values of a superblock's groups to small integers, together.

How the error of a group grows with both is known from sums at hand, so no weight is looked at.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.buffers import buffer
from llmq_kernels.columns import Floats, column_sums
from llmq_kernels.halves import to_f16
from llmq_kernels.line_fit import Lines
from llmq_kernels.packing import Bytes
from llmq_kernels.scales import reciprocal

TOPS = 4
"""How many codes are tried for the largest value: the largest code and those before it."""

NUMBER = 3
"""The bits of a float that can hold the number of one of these instead."""

UP = np.float32(2**-25)
"""Half the distance of subnormal halves. Added before rounding, it rounds them up."""

LARGEST = np.float32(65504)

ELEVEN_BITS = np.float32(8193)

WELL_POSED = np.float32(1e-4)

Halves = NDArray[np.float16]


class JointRounding:
    """Finds units d and dmin for n superblocks, and codes in these units.

    Pairs are those of a scale and a lowest value, negated, which is called a min.
    """

    def __init__(self, groups: int, n: int, limit: int) -> None:
        self._limit = np.float32(limit)
        self._tops = self._limit - np.arange(TOPS, dtype=np.float32)[:, None, None]
        self._numbers = np.arange(TOPS, dtype=np.int32)[:, None, None]
        self._values, self._curves, self._codes, self._work = buffer((4, groups, 2, n))
        self._in_units, self._off = buffer((2, groups, TOPS, 2, n))
        self._errors = buffer((TOPS, 2, n))
        self._tries = buffer((2, 2, groups, n))
        self._off_scale, self._off_min, self._moved = buffer((3, 2, groups, n))
        self._terms, self._sums = buffer((groups, 5, n)), buffer((5, n))

    def __call__(self, lines: Lines) -> tuple[Halves, Bytes]:
        """The units d and dmin (2, n), and the codes (groups, 2, n) of scales and mins."""
        values, curves = self._values, self._curves
        values[:, 0] = lines.scale
        np.negative(lines.lowest, out=values[:, 1])
        slope = lines.codes / lines.total
        np.subtract(lines.squares, slope * lines.codes, out=curves[:, 0])
        curves[:, 1] = lines.total
        units = self._units()
        self._round(units, slope)
        curves[:, 0] = lines.squares
        self._refit(units, lines.codes)
        return to_f16(units), self._codes.astype(np.uint8)

    def _units(self) -> Floats:
        """The units (2, n) in which rounded values are off least, as halves can hold them."""
        largest = np.maximum.reduce(self._values, axis=0)
        units = largest / self._tops
        large = units * ELEVEN_BITS
        units = large - (large - units)  # as halves
        exact = np.multiply(self._values[:, None], np.float32(1) / units, out=self._in_units)
        off = np.rint(exact, out=self._off)
        off -= exact
        off *= off
        off *= self._curves[:, None]
        column_sums(off.reshape(len(off), -1), self._errors.reshape(-1))
        self._errors *= units
        self._errors *= units
        numbered = self._errors.view(np.int32)
        numbered &= ~NUMBER
        numbered |= self._numbers
        best = np.minimum.reduce(numbered, axis=0) & NUMBER
        units = largest / (self._limit - best.astype(np.float32))
        units += UP
        rounded: Floats = units.astype(np.float16).astype(np.float32)
        return rounded

    def _round(self, units: Floats, slope: Floats) -> None:
        """Find the codes: with either of the two nearest to a scale the best for the min."""
        (d, dmin), inverse = units, reciprocal(units)
        scale, low, (scales, mins) = self._values[:, 0], self._values[:, 1], self._tries
        np.floor(scale * inverse[0], out=scales[0])
        np.add(scales[0], np.float32(1), out=scales[1])
        np.minimum(scales, self._limit, out=scales)
        off = np.multiply(scales, d, out=self._off_scale)
        off -= scale
        rest = np.multiply(off, slope, out=self._off_min)
        rest += low  # the best min, with this scale
        np.rint(np.multiply(rest, inverse[1], out=mins), out=mins)
        np.maximum(mins, np.float32(0), out=mins)
        np.minimum(mins, self._limit, out=mins)
        rest -= np.multiply(mins, dmin, out=self._moved)
        rest *= rest
        rest *= self._curves[:, 1]
        off *= off
        off *= self._curves[:, 0]
        rest += off
        better = np.less(rest[1], rest[0])
        change = np.subtract(self._tries[:, 1], self._tries[:, 0], out=self._moved)
        change *= better
        np.add(self._tries[:, 0], change, out=self._codes.transpose(1, 0, 2))

    def _refit(self, units: Floats, sums_of_codes: Floats) -> None:
        """Replace the units by those that fit the codes best, by least squares."""
        codes, terms = self._codes, self._terms
        work = np.multiply(self._curves, codes, out=self._work)
        np.multiply(work, codes, out=terms[:, :2])
        np.multiply(work, self._values, out=terms[:, 2:4])
        np.multiply(codes[:, ::-1], sums_of_codes[:, None], out=work)
        np.multiply(work[:, 0], codes[:, 0], out=terms[:, 4])
        work *= self._values
        terms[:, 2:4] -= work[:, ::-1]
        column_sums(terms.reshape(len(terms), -1), self._sums.reshape(-1))
        power, fit, both = self._sums[:2], self._sums[2:4], self._sums[4]
        determinant = power[0] * power[1]
        least = determinant * WELL_POSED
        determinant -= both * both
        fitted = fit * power[::-1]
        fitted += fit[::-1] * both
        fitted /= determinant
        good = determinant > least
        good &= np.minimum.reduce(fitted, axis=0) > 0
        good &= np.maximum.reduce(fitted, axis=0) < LARGEST
        np.copyto(units, fitted, where=good)
