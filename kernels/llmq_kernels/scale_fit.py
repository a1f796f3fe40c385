"""Fitting scale * value to groups of weights, by least squares; codes stand for the values.

For each group a few scales are tried, of either sign; each rounding gets the scale that fits it
best, and the best of all is kept. The errors count equally, or by the importance of their columns.

As in line_fit.py, the weights of a group become integers, here from -reach to reach, so small that
the sums of products are exact in any order; and so does their importance, where the values are so
small that enough bits are left for it.
"""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.buffers import buffer
from llmq_kernels.columns import Floats, column_sums
from llmq_kernels.packing import Bytes
from llmq_kernels.roundings import Rounding
from llmq_kernels.scales import reciprocal
from llmq_kernels.select import replace

EXACT = 1 << 23
"""Sums below it are exact in float32, with room for rounding."""

ENOUGH = 1024
"""Fractions of a group's largest weight that are fine enough to stand for all weights."""


NOT_BY_ROUNDING = np.float32(1 - 2**-20)
"""A later try has to be better by more than the rounding of its sums."""


@dataclass(frozen=True)
class Scales:
    """The scales of N groups, and how fast their errors grow: both (N,)."""

    scale: Floats
    curve: Floats
    """Sum of weight * value^2; a scale that is off by e adds e^2 times this."""


class ScaleFit:
    """Fits scales to N groups of k weights."""

    def __init__(
        self, k: int, n: int, rounding: Rounding, tries: tuple[float, ...], weights: Floats | None
    ) -> None:
        self._weights, self._unit_weight = weights, np.ones(n, np.float32)
        self._reach = np.float32(EXACT // (k * rounding.largest))
        finest = 2 * EXACT // (k * rounding.largest**2)
        self._exact = finest >= ENOUGH
        if weights is not None and self._exact:
            self._weights, self._unit_weight = in_fractions(weights, finest)
        self._finder = rounding.finder(
            k, n, int(self._reach), [np.float32(target) / self._reach for target in tries]
        )
        self._y, self._values, self._work = (buffer((k, n)) for _ in range(3))
        self._weighed = self._y if weights is None else buffer((k, n))
        self._sums = np.empty((len(tries), 2, n), np.float32)

    def __call__(self, x: Floats) -> Scales:
        """Fit scales to x (k, N)."""
        self._spread_out(x)
        for number, sums in enumerate(self._sums):
            self._finder.attempt(number, self._y, self._values)
            self._sum_up(sums)
        fit, power = self._best()
        scale = fit / power
        scale[np.flatnonzero(~np.isfinite(scale))] = 0
        return Scales(scale * self._unit, power * self._unit_weight)

    def codes(self, scale: Floats) -> Bytes:
        """The codes (k, N), counted from 0, of the weights last fitted, for the scale stored."""
        return self._finder.codes(self._y, self._unit * reciprocal(scale))

    def _spread_out(self, x: Floats) -> None:
        """Make integers y of the weights: x = unit * y; the farthest from zero becomes `reach`."""
        end = farthest(x)
        self._unit = end / self._reach
        inverse = self._reach / end
        inverse[np.flatnonzero(~np.isfinite(inverse))] = 0
        np.multiply(x, inverse, out=self._y)
        np.rint(self._y, out=self._y)
        if self._weights is not None:
            np.multiply(self._y, self._weights, out=self._weighed)

    def _sum_up(self, sums: Floats) -> None:
        """Sum weight * y * value and weight * value^2 into (2, N)."""
        values, work = self._values, self._work
        if self._weights is None:
            np.einsum("ij,ij->j", values, self._y, out=sums[0])
            np.einsum("ij,ij->j", values, values, out=sums[1])
            return
        np.multiply(values, self._weighed, out=work)
        column_sums(work, sums[0])
        np.multiply(values, self._weights, out=work)
        if self._exact:
            np.einsum("ij,ij->j", values, work, out=sums[1])
        else:
            work *= values
            column_sums(work, sums[1])

    def _best(self) -> Floats:
        """The sums (2, N) of each group's best try: the first that explains most of y."""
        best: Floats = self._sums[0]
        most = _explained(best)
        for sums in self._sums[1:]:
            gain = _explained(sums)
            gain *= NOT_BY_ROUNDING
            replace(gain > most, (most, gain), (best[0], sums[0]), (best[1], sums[1]))
        return best


def farthest(x: Floats) -> Floats:
    """The number farthest from zero in each column of (k, N)."""
    high: Floats = np.maximum.reduce(x, axis=0)
    low: Floats = np.minimum.reduce(x, axis=0)
    replace(-low > high, (high, low))
    return high


def in_fractions(weights: Floats, finest: int) -> tuple[Floats, Floats]:
    """Weights (k, N) as multiples of 1 / finest of each group's largest; the largest (N,)."""
    largest: Floats = np.maximum.reduce(weights, axis=0)
    fractions = np.multiply(weights, np.float32(finest) / largest, out=weights)
    np.rint(fractions, out=fractions)
    np.maximum(fractions, np.float32(1), out=fractions)
    fractions /= np.float32(finest)
    return fractions, largest


def _explained(sums: Floats) -> Floats:
    gain: Floats = sums[0] * sums[0]
    gain /= sums[1]
    return gain
