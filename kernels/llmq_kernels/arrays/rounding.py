"""Finding the scale of a block."""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import SLAB, Floats, cut
from llmq_kernels.arrays.sums import dot, dot_square
from llmq_kernels.ggml.candidates import Tries

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
    magnitude = np.maximum(high, mirrored)
    return np.copysign(magnitude, high - mirrored), np.flatnonzero(high == mirrored)


def first_largest(x: Floats) -> Floats:
    """The first element of largest magnitude in each column of (k, n), NaN aside; +0 if none."""
    high = np.fmax.reduce(x, axis=0, initial=0)
    largest, tied = outermost(high, np.fmin.reduce(x, axis=0, initial=0))
    if len(tied):
        candidates = np.take(x, tied, axis=1)
        candidates[np.isnan(candidates)] = 0
        rows = np.abs(candidates).argmax(axis=0)
        largest[tied] = candidates[rows, np.arange(len(tied))] + np.float32(0)  # -0 + 0 is +0
    return largest


def to_codes(scaled: Floats, nmax: int, out: Bytes) -> None:
    """Round to -nmax .. nmax - 1, counted from 0; the scaled weights, below 127.5, are lost."""
    np.rint(scaled, out=scaled)
    codes = out.view(np.int8)
    np.copyto(codes, scaled, casting="unsafe")
    np.clip(codes, np.int8(-nmax), np.int8(nmax - 1), out=codes)
    out += np.uint8(nmax)


class SymmetricSearch:
    """Fits scale * code to n columns of k weights, with codes -nmax .. nmax - 1.

    Nineteen roundings are tried, each with its least-squares scale, and the first of the best is
    kept. Source: ggml-quants.c, make_qx_quants with rmse_type 1.
    """

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
        self._bottom, self._top = buffer((2, self._width))
        self._bottom.fill(-nmax)
        self._top.fill(nmax - 1)
        self._tries = Tries(len(self.STEPS), n)

    def __call__(self, x: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Return each column's scale, and the factor that x was multiplied by to find its codes.

        x and weights (of the squared errors) are (k, n). Both results are 0 for a negligible
        column.
        """
        largest = first_largest(x)
        negligible = np.flatnonzero(np.abs(largest) < NEGLIGIBLE)
        largest[negligible] = np.inf  # then every try multiplies by 0
        for some in cut(len(largest), self._width):
            self._try_all(x[:, some], weights[:, some], largest[some], some)
        best, scale = self._tries.best()
        scale[negligible] = 0
        inverse: Floats = np.take(self._targets, best) / largest
        return scale, inverse

    def codes(self, x: Floats, inverse: Floats) -> Bytes:
        """The codes of columns x (k, n), counted from 0; all 0 in a negligible column."""
        codes = np.clip(nearest(x * inverse), -self._nmax, self._nmax - 1) + self._nmax
        return np.where(inverse == 0, 0, codes).astype(np.uint8)

    def _try_all(self, x: Floats, weights: Floats, largest: Floats, some: slice) -> None:
        """Sum weights * x * code and weights * code^2, in ggml's order of multiplication."""
        work = self._work[:, : x.size].reshape(5, *x.shape)
        work[0], work[1] = x, weights  # side by side they use all of the cache
        x, weights, weighted, codes, products = work
        np.multiply(weights, x, out=weighted)
        for number, target in enumerate(self._targets):
            np.multiply(x, target / largest, out=codes)  # takes the largest element to `target`
            self._round(codes, target)
            dot(weighted, codes, products, self._tries.fit[number, some])
            dot_square(weights, codes, products, self._tries.power[number, some])

    def _round(self, codes: Floats, target: np.float32) -> None:
        np.rint(codes, out=codes)
        if target <= -self._nmax + 0.5:  # else nothing rounds to nmax
            np.minimum(codes, self._top[: codes.shape[1]], out=codes)
        if target <= -self._nmax - 0.5:  # else nothing rounds to less than -nmax
            np.maximum(codes, self._bottom[: codes.shape[1]], out=codes)
