"""Grids: the values that codes stand for, and rounding to them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.codebook import MIDDLES, VALUES, CodeFinder
from llmq_kernels.arrays.columns import Floats, buffer
from llmq_kernels.arrays.rounding import round_symmetric
from llmq_kernels.search.candidates import Factors


class Finder(Protocol):
    """Rounds y (k, n), from -1 to 1, to values. What it returns may be its own buffer."""

    def look_at(self, y: Floats) -> None:
        """Prepare for candidates on y, which must stay as it is."""

    def round_candidate(self, number: int, out: Floats) -> None:
        """The values nearest to the y looked at times the factor of a candidate."""

    def codes(self, y: Floats, factor: Floats) -> Bytes:
        """The codes of the values nearest to y * factor."""


class Grid(Protocol):
    """Evenly spaced values, or those of a codebook."""

    def finder(self, k: int, n: int, factors: Factors) -> Finder:
        """A finder for n groups of k numbers and for these candidates."""


@dataclass(frozen=True)
class Integers:
    """The integers from -nmax to nmax - 1; the code of the first is 0."""

    nmax: int

    def finder(self, k: int, n: int, factors: Factors) -> Finder:
        """A finder for n groups of k numbers."""
        return _IntegerFinder(k, n, self.nmax, factors)


class _IntegerFinder:
    def __init__(self, k: int, n: int, nmax: int, factors: Factors) -> None:
        self._nmax, self._factors = nmax, np.array(factors, np.float32)
        # As arrays: NumPy is slow at the minimum of an array and a number.
        self._min_code, self._max_code = buffer((2, n))
        self._min_code.fill(-nmax)
        self._max_code.fill(nmax - 1)
        self._scaled, self._codes = buffer((k, n)), buffer((k, n), np.uint8)

    def look_at(self, y: Floats) -> None:
        self._y = y

    def round_candidate(self, number: int, out: Floats) -> None:
        factor = self._factors[number]
        np.multiply(self._y, factor, out=out)
        np.rint(out, out=out)
        if abs(factor) >= self._nmax - 0.5:
            np.minimum(out, self._max_code, out=out)
        if abs(factor) >= self._nmax + 0.5 or factor > 0:
            np.maximum(out, self._min_code, out=out)

    def codes(self, y: Floats, factor: Floats) -> Bytes:
        round_symmetric(np.multiply(y, factor, out=self._scaled), self._nmax, self._codes)
        return self._codes


@dataclass(frozen=True)
class Codebook:
    """The sixteen values of codebook.py."""

    def finder(self, k: int, n: int, factors: Factors) -> Finder:
        """A finder for n groups of k numbers."""
        return _CodebookFinder(k, n, factors)


class _CodebookFinder:
    """Looks values up: y becomes an integer, and a candidate a table of values for each integer."""

    LARGEST_PLACE = 2048

    def __init__(self, k: int, n: int, factors: Factors) -> None:
        self._codes_of = CodeFinder(k, n)
        self._scaled, self._places = buffer((k, n)), buffer((k, n), np.intp)
        every = np.arange(-self.LARGEST_PLACE, self.LARGEST_PLACE + 1) / self.LARGEST_PLACE
        self._tables = [
            VALUES[np.searchsorted(MIDDLES, 2 * every * factor, side="right")].astype(np.float32)
            for factor in factors
        ]

    def look_at(self, y: Floats) -> None:
        scaled = np.multiply(y, np.float32(self.LARGEST_PLACE), out=self._scaled)
        scaled += np.float32(self.LARGEST_PLACE + 0.5)
        np.copyto(self._places, scaled, casting="unsafe")  # cuts off the fraction

    def round_candidate(self, number: int, out: Floats) -> None:
        np.take(self._tables[number], self._places, out=out, mode="wrap")

    def codes(self, y: Floats, factor: Floats) -> Bytes:
        return self._codes_of(y, factor)
