"""make_qp_quants, and the plain rounding of quantize_row_q4_K_ref: scales as small integers.

Values v >= 0 of the groups of a superblock, scales or mins, become unit * code. With weights w

    unit = sum w v code / sum w code^2

fits given codes best, and the larger (sum w v code)^2 / sum w code^2, the better it fits.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.rounding import nearest
from llmq_kernels.arrays.sums import column_sums
from llmq_kernels.ggml.symmetric import NEGLIGIBLE

TENTHS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""How far beyond the largest code the candidates take the largest value."""

SWEEPS = 5


def by_largest(values: Floats, limit: int) -> tuple[Floats, Bytes]:
    """The unit (n,) in which the largest of values (groups, n) is `limit`, and the codes."""
    largest = np.maximum(np.maximum.reduce(values, axis=0), np.float32(0)) + np.float32(0)
    inverse = np.float32(limit) / largest
    inverse[largest == 0] = 0
    return largest / np.float32(limit), nearest(inverse * values).astype(np.uint8)


def by_least_squares(values: Floats, weights: Floats, limit: int) -> tuple[Floats, Bytes]:
    """A unit (n,) and codes with little weighted error for values (groups, n).

    The codes are first rounded in the best of nine units; then single codes are changed as long as
    that improves the fit. Columns of negligible values have a unit of 0.
    """
    fit = _CodeFit(values, weights, limit)
    fit.improve()
    return fit.unit(), fit.codes.astype(np.uint8)


class _CodeFit:
    """Codes (groups, n) of values, as floats, and the sums that tell how well they fit."""

    def __init__(self, values: Floats, weights: Floats, limit: int) -> None:
        self._values, self._weights, self._limit = values, weights, np.float32(limit)
        self._weighted = weights * values
        # Codes that are not small, from infinities or values below zero, only `nearest` gets right.
        self._tame = bool(values.min() >= 0 and values.max() < np.inf)
        codes = self._rounded(self._best_inverse() * values)
        self._fit, self._power = np.empty((2, values.shape[1]), np.float32)
        column_sums(self._weighted * codes, self._fit)
        column_sums(weights * codes * codes, self._power)
        self.codes = _wrapped(codes)

    def unit(self) -> Floats:
        """The unit that fits the codes best."""
        unit = self._fit / self._power
        unit[~(self._power > 0)] = 0
        return unit

    def improve(self) -> None:
        """Change codes one at a time, group after group, in at most five sweeps.

        Changes are rare: all groups are judged at once, and again after each change.
        """
        columns = np.arange(len(self._fit))
        start, sweeps = np.zeros((2, len(columns)), np.intp)
        groups = np.arange(len(self.codes))[:, None]
        while len(columns):
            better, fit, power, codes = self._changes(columns)
            distance = np.where(better, (groups - start) % len(groups), len(groups))
            group = distance.argmin(axis=0)
            sweeps += group < start
            place = np.flatnonzero(better.any(axis=0) & (sweeps < SWEEPS))
            columns, group, sweeps = columns[place], group[place], sweeps[place]
            self._fit[columns], self._power[columns] = fit[group, place], power[group, place]
            self.codes[group, columns] = _wrapped(codes[group, place])
            start = group + 1

    def _best_inverse(self) -> Floats:
        """What to multiply the values by before rounding; 0 where they are negligible."""
        largest: Floats = np.maximum.reduce(self._values, axis=0)
        largest[largest < NEGLIGIBLE] = np.inf
        best = self._limit / largest
        least = self._error(_wrapped(nearest(best * self._values)), np.float32(1) / best)
        for tenths in TENTHS:
            inverse = (np.float32(0.1) * np.float32(tenths) + self._limit) / largest
            error = self._error(self._rounded(inverse * self._values), np.float32(1) / inverse)
            better = np.flatnonzero(error < least)
            best[better], least[better] = inverse[better], error[better]
        return best

    def _rounded(self, products: Floats) -> Floats:
        if self._tame:
            np.rint(products, out=products)
        else:
            np.minimum(nearest(products), self._limit, out=products)
        return products

    def _error(self, codes: Floats, unit: Floats) -> Floats:
        off = np.multiply(unit, codes)
        np.subtract(self._values, off, out=off)
        error = np.empty_like(unit)
        column_sums(self._weights * off * off, error)
        return error

    def _changes(
        self, columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.bool_], Floats, Floats, Floats]:
        """Whether some other code improves the fit of a group; fit and power with it; the code."""
        values, weights, weighted, codes = (
            np.take(each, columns, axis=1)
            for each in (self._values, self._weights, self._weighted, self.codes)
        )
        old_fit, old_power = self._fit[columns], self._power[columns]
        fit, power = old_fit - weighted * codes, old_power - weights * codes * codes
        wanted = nearest(values * power / fit).astype(np.float32)
        np.minimum(wanted, self._limit, out=wanted)
        better = (fit > 0) & (power > 0) & (wanted != codes)
        fit += weighted * wanted
        power += weights * wanted * wanted
        better &= fit * fit * old_power > old_fit * old_fit * power
        return better, fit, power, wanted


def _wrapped(codes: NDArray[np.int32] | Floats) -> Floats:
    """Codes as ggml keeps them, in bytes without a sign."""
    return codes.astype(np.int32).astype(np.uint8).astype(np.float32)
