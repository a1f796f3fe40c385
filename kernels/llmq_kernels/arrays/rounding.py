"""Rounding as ggml and C do, and the extremes of columns that rounding starts from."""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import Floats

ROUNDER = np.float32(12582912)
"""1.5 * 2^23: adding it leaves an integer in a float32's low bits, rounded half to even."""


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


def round_symmetric(scaled: Floats, nmax: int, out: Bytes) -> None:
    """Round to -nmax .. nmax - 1, counted from 0; the scaled weights, below 127.5, are lost."""
    np.rint(scaled, out=scaled)
    codes = out.view(np.int8)
    np.copyto(codes, scaled, casting="unsafe")
    np.clip(codes, np.int8(-nmax), np.int8(nmax - 1), out=codes)
    out += np.uint8(nmax)
