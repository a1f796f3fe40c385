"""Rounding to what codes stand for: evenly spaced steps, or the values of a codebook."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from llmq_kernels.buffers import buffer
from llmq_kernels.codebook import VALUES, CodeFinder
from llmq_kernels.columns import Floats
from llmq_kernels.packing import Bytes


class Finder(Protocol):
    """Rounds y (k, N), integers from -reach to reach. What it returns may be its own buffer."""

    def attempt(self, number: int, y: Floats, out: Floats) -> None:
        """The values nearest to y times the factor of a try."""

    def codes(self, y: Floats, factor: Floats) -> Bytes:
        """The codes of the values nearest to y * factor."""


class Rounding(Protocol):
    """Makes finders."""

    @property
    def largest(self) -> int:
        """The largest magnitude of a value."""

    def finder(self, k: int, n: int, reach: int, factors: list[np.float32]) -> Finder:
        """A finder for n groups of k numbers up to `reach` and for these tries."""


@dataclass(frozen=True)
class Steps:
    """The integers from -nmax to nmax - 1; the code of the first is 0."""

    nmax: int

    @property
    def largest(self) -> int:
        """The largest magnitude of a value."""
        return self.nmax

    def finder(self, k: int, n: int, reach: int, factors: list[np.float32]) -> Finder:
        """A finder for n groups of k numbers."""
        return _StepFinder(k, n, reach, self.nmax, factors)


class _StepFinder:
    def __init__(self, k: int, n: int, reach: int, nmax: int, factors: list[np.float32]) -> None:
        self._nmax, self._factors = nmax, factors
        self._clipped = [abs(factor) * reach > nmax - 0.5 for factor in factors]
        self._rounded, self._codes = buffer((k, n)), buffer((k, n), np.uint8)

    def attempt(self, number: int, y: Floats, out: Floats) -> None:
        np.multiply(y, self._factors[number], out=out)
        np.rint(out, out=out)
        if self._clipped[number]:
            np.clip(out, -self._nmax, self._nmax - 1, out=out)

    def codes(self, y: Floats, factor: Floats) -> Bytes:
        rounded = np.multiply(y, factor, out=self._rounded)
        np.rint(rounded, out=rounded)
        np.clip(rounded, -self._nmax, self._nmax - 1, out=rounded)
        rounded += np.float32(self._nmax)
        np.copyto(self._codes, rounded, casting="unsafe")
        return self._codes


@dataclass(frozen=True)
class Codebook:
    """The sixteen values of codebook.py."""

    largest: int = 128

    def finder(self, k: int, n: int, reach: int, factors: list[np.float32]) -> Finder:
        """A finder for n groups of k numbers."""
        return _CodebookFinder(k, n, reach, factors)


class _CodebookFinder:
    """Looks values up: y is an integer, so that a try is a table of what each y becomes."""

    def __init__(self, k: int, n: int, reach: int, factors: list[np.float32]) -> None:
        self._codes_of = CodeFinder(k, n)
        self._reach = np.float32(reach)
        self._places = buffer((k, n), np.intp)
        every = np.arange(-reach, reach + 1, dtype=np.float32)
        middles = (VALUES[1:].astype(np.float32) + VALUES[:-1]) / 2
        self._tables = [
            VALUES[np.searchsorted(middles, every * factor, side="right")].astype(np.float32)
            for factor in factors
        ]

    def attempt(self, number: int, y: Floats, out: Floats) -> None:
        if number == 0:
            np.add(y, self._reach, out=out)
            np.copyto(self._places, out, casting="unsafe")
        np.take(self._tables[number], self._places, out=out, mode="wrap")

    def codes(self, y: Floats, factor: Floats) -> Bytes:
        return self._codes_of(y, factor)
