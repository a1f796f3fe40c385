"""make_qx_quants (rmse_type 1): fitting scale * code to columns of weights.

Nineteen candidates take the element of largest magnitude to -(nmax + step / 10). With the codes l
of a candidate and the error weights w

    scale = sum w x l / sum w l^2

fits best and explains (sum w x l)^2 / sum w l^2 of sum w x^2. The first of the best is kept.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import SLAB, Floats, buffer, cut
from llmq_kernels.arrays.rounding import first_largest, nearest
from llmq_kernels.arrays.select import replace
from llmq_kernels.arrays.sums import dot, dot_square

NEGLIGIBLE = np.float32(1e-15)
"""A block with no larger magnitude counts as zero (ggml-quants.c: GROUP_MAX_EPS)."""


class SymmetricSearch:
    """Fits scale * code to n columns of k weights, with codes -nmax .. nmax - 1."""

    STEPS = (0, *range(-9, 0), *range(1, 10))

    def __init__(self, k: int, n: int, nmax: int) -> None:
        self._nmax = nmax
        self._targets = np.array(
            [-(np.float32(nmax) + np.float32(0.1) * np.float32(step)) for step in self.STEPS],
            np.float32,
        )
        self._width = min(SLAB // k, n)
        self._work = buffer((5, k * self._width))
        # As arrays: NumPy is slow at the minimum of an array and a number.
        self._min_code, self._max_code = buffer((2, self._width))
        self._min_code.fill(-nmax)
        self._max_code.fill(nmax - 1)
        self._candidates = Candidates(len(self.STEPS), n)

    def __call__(self, x: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Return each column's scale, and the factor that x was multiplied by to find its codes.

        x and weights (of the squared errors) are (k, n). Both results are 0 for a negligible
        column.
        """
        largest = first_largest(x)
        negligible = np.flatnonzero(np.abs(largest) < NEGLIGIBLE)
        largest[negligible] = np.inf  # then every candidate multiplies by 0
        for some in cut(len(largest), self._width):
            self._round_all(x[:, some], weights[:, some], largest[some], some)
        best, scale = self._candidates.best()
        scale[negligible] = 0
        inverse: Floats = np.take(self._targets, best) / largest
        return scale, inverse

    def codes(self, x: Floats, inverse: Floats) -> Bytes:
        """The codes of columns x (k, n), counted from 0; all 0 in a negligible column."""
        codes = np.clip(nearest(x * inverse), -self._nmax, self._nmax - 1) + self._nmax
        return np.where(inverse == 0, 0, codes).astype(np.uint8)

    def _round_all(self, x: Floats, weights: Floats, largest: Floats, some: slice) -> None:
        """Sum weights * x * code and weights * code^2, in ggml's order of multiplication."""
        work = self._work[:, : x.size].reshape(5, *x.shape)
        work[0], work[1] = x, weights  # side by side they use all of the cache
        x, weights, weighted, codes, products = work
        np.multiply(weights, x, out=weighted)
        for number, target in enumerate(self._targets):
            np.multiply(x, target / largest, out=codes)  # takes the largest element to `target`
            self._round(codes, target)
            dot(weighted, codes, products, self._candidates.fit[number, some])
            dot_square(weights, codes, products, self._candidates.power[number, some])

    def _round(self, codes: Floats, target: np.float32) -> None:
        np.rint(codes, out=codes)
        if target <= -self._nmax + 0.5:  # else nothing rounds to nmax
            np.minimum(codes, self._max_code[: codes.shape[1]], out=codes)
        if target <= -self._nmax - 0.5:  # else nothing rounds to less than -nmax
            np.maximum(codes, self._min_code[: codes.shape[1]], out=codes)


class Candidates:
    """Sums of a number of candidates for n columns, (number, n); see `symmetric.py`.

    `fit` is sum w x l and `power` sum w l^2.
    """

    def __init__(self, number: int, n: int) -> None:
        self.fit, self.power = buffer((2, number, n))
        self._qualities, self._squares = buffer((2, number, n))
        self._best, self._rest = buffer((2, n))
        self._better = np.zeros((number, n), np.bool_)
        self._numbers = np.arange(number, dtype=np.uint8)[:, None]
        self._columns = np.arange(n)

    def best(self) -> tuple[NDArray[np.intp], Floats]:
        """The candidate (n,) that survives and its scale; each has to fit better than the survivor.

        Better is fit^2 > best * power, where best = (fit / power) * fit of the survivor. That
        includes ggml's second condition: where power is 0 (or NaN), so is fit, and 0 > 0 is false.
        As in ggml the first needs nothing to survive, and its scale is 0 where its power is.
        """
        survivor = self._survivor()
        places = survivor * len(self._columns) + self._columns
        power = np.take(self.power, places)
        scale = np.take(self.fit, places) / power
        scale[power == 0] = 0
        return survivor, scale

    def _survivor(self) -> NDArray[np.intp]:
        qualities = np.divide(self.fit, self.power, out=self._qualities)
        qualities[0, self.power[0] == 0] = 0
        qualities *= self.fit
        squares = np.multiply(self.fit, self.fit, out=self._squares)
        best = self._best
        best[...] = qualities[0]
        for power, square, quality, better in zip(
            self.power[1:], squares[1:], qualities[1:], self._better[1:], strict=True
        ):
            np.greater(square, np.multiply(best, power, out=self._rest), out=better)
            replace(better, (best, quality))
        last: Bytes = np.maximum.reduce(self._better.view(np.uint8) * self._numbers, axis=0)
        return last.astype(np.intp)
