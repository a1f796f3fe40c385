"""Finding the scale of a block."""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.columns import Floats, column_sums

ROUNDER = np.float32(12582912)
"""1.5 * 2^23: adding it leaves an integer in a float32's low bits, rounded half to even."""

NEGLIGIBLE = np.float32(1e-15)
"""A block with no larger magnitude counts as zero (ggml-quants.c: GROUP_MAX_EPS)."""


def reciprocal(d: Floats) -> Floats:
    """1 / d, or 0 where d is zero; infinite where d is too small a subnormal number."""
    inverse = np.float32(1) / d
    inverse[d == 0] = 0
    return inverse


def nearest(values: Floats) -> NDArray[np.int32]:
    """ggml's nearest_int, in the memory of values: half to even, low bits beyond 2^22, NaN 0."""
    values += ROUNDER
    bits = values.view(np.int32)
    bits &= 0x007FFFFF
    bits -= 0x00400000
    return bits


def outermost(high: Floats, low: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """The maximum or the minimum of each block, whichever lies farther out; and where they tie."""
    mirrored = -low
    return np.where(high > mirrored, high, low), np.flatnonzero(high == mirrored)


def first_largest(x: Floats) -> Floats:
    """The first element of largest magnitude in each column of (k, n); +0 if all are zero."""
    largest, tied = outermost(np.maximum.reduce(x, axis=0), np.minimum.reduce(x, axis=0))
    if len(tied):
        rows = np.abs(x[:, tied]).argmax(axis=0)
        largest[tied] = x[rows, tied] + np.float32(0)  # -0 + 0 is +0
    return largest


class SymmetricSearch:
    """Fits scale * code to n columns of k weights, with codes -nmax .. nmax - 1.

    Nineteen roundings are tried, each with its least-squares scale, and the first of the best is
    kept. Source: ggml-quants.c, make_qx_quants with rmse_type 1.
    """

    STEPS = (0, *range(-9, 0), *range(1, 10))

    def __init__(self, k: int, n: int, nmax: int) -> None:
        self._nmax = nmax
        self._targets = [
            np.float32(-(np.float32(nmax) + np.float32(0.1) * np.float32(step)))
            for step in self.STEPS
        ]
        # As arrays: NumPy is slow at the minimum of an array and a number.
        self._bottom, self._top = np.full(n, -nmax, np.float32), np.full(n, nmax - 1, np.float32)
        self._weighted, self._codes, self._products = np.empty((3, k, n), np.float32)
        # What each try found: n sums of weights * x * code and of weights * code^2.
        self._fit, self._power = np.empty((2, len(self.STEPS), n), np.float32)
        self._quality, self._square = np.empty((2, len(self.STEPS), n), np.float32)

    def __call__(self, x: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Return each column's scale, and the factor that x was multiplied by to find its codes.

        x and weights (of the squared errors) are (k, n). Both results are 0 for a negligible
        column.
        """
        largest = first_largest(x)
        negligible = np.abs(largest) < NEGLIGIBLE
        largest[negligible] = np.inf  # then every try multiplies by 0
        np.multiply(weights, x, out=self._weighted)
        for number, target in enumerate(self._targets):
            self._round(x, target / largest, target)
            self._sum_up(weights, number)
        best = self._first_of_the_best()
        columns = np.arange(x.shape[1])
        fit, power = self._fit[best, columns], self._power[best, columns]
        scale = fit / power
        scale[(power == 0) | negligible] = 0
        inverse = np.take(self._targets, best) / largest
        inverse[negligible] = 0
        return scale, inverse

    def codes(self, x: Floats, inverse: Floats) -> NDArray[np.uint8]:
        """The codes of columns x (k, n), counted from 0; all 0 in a negligible column."""
        codes = np.clip(nearest(x * inverse), -self._nmax, self._nmax - 1) + self._nmax
        return np.where(inverse == 0, 0, codes).astype(np.uint8)

    def _round(self, x: Floats, inverse: Floats, target: np.float32) -> None:
        """Find the codes of x * inverse, which takes the largest element to `target`."""
        codes = self._codes
        np.multiply(x, inverse, out=codes)
        np.rint(codes, out=codes)
        np.minimum(codes, self._top, out=codes)
        if target <= -self._nmax - 0.5:  # else no product lies below what rounds to -nmax
            np.maximum(codes, self._bottom, out=codes)

    def _sum_up(self, weights: Floats, number: int) -> None:
        """Sum weights * x * code and weights * code^2, in ggml's order of multiplication."""
        codes, products = self._codes, self._products
        np.multiply(self._weighted, codes, out=products)
        column_sums(products, self._fit[number])
        np.multiply(weights, codes, out=products)
        products *= codes
        column_sums(products, self._power[number])

    def _first_of_the_best(self) -> NDArray[np.uint8]:
        """The try (n,) that survives when each replaces the one before only if it fits better.

        Better is fit^2 > best * power, where best = (fit / power) * fit of the one before. That
        includes ggml's second condition: where power is 0 (or NaN), so is fit, and 0 > 0 is false.
        """
        fit, power, quality, square = self._fit, self._power, self._quality, self._square
        np.multiply(fit, fit, out=square)
        np.divide(fit, power, out=quality)
        quality *= fit
        best = np.where(power[0] != 0, quality[0], np.float32(0))
        survivor = np.zeros(len(best), np.uint8)
        for number in range(1, len(self.STEPS)):
            better = square[number] > best * power[number]
            survivor = np.maximum(survivor, better.view(np.uint8) * np.uint8(number))
            _replace(best, quality[number], better)
        return survivor


def _replace(values: Floats, others: Floats, where: NDArray[np.bool_]) -> None:
    """Replace values where told, by bits: several times as fast as NumPy's masked copies."""
    bits = values.view(np.int32)
    change = bits ^ others.view(np.int32)
    change *= where.astype(np.int32)
    bits ^= change
