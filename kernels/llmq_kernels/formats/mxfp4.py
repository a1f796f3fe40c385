"""MXFP4: 32 weights as 4-bit numbers on a power of two; value = d * VALUES[code].

The byte e stands for the scale 2^(e - 127), and d is half of it because the numbers are doubled
(e2m1.py). The scale is a quarter of the largest power of two in the block, so that the largest
numbers, from 6 to 8 times the scale, become 6.
Source: ggml-quants.c, quantize_row_mxfp4_ref and dequantize_row_mxfp4; ggml-impl.h,
ggml_e8m0_to_fp32_half.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks, Bytes, load, store_fours
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Floats, Quads
from llmq_kernels.arrays.nibble_table import NibbleTable
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.ggml.e2m1 import VALUES, Rounder

HALVES = np.ldexp(np.float32(1), np.arange(256) - 128)
"""d by the byte e."""
WIDEST = np.float32(2**124)
"""The largest d for which 12 d is finite."""

_values_of = NibbleTable(VALUES)

LOWEST = -149
"""The exponent of the smallest subnormal number."""
ONE_STEP = 29
"""Bits by which a double's significand is longer than a float32's."""


def _steps_rounded_up() -> NDArray[np.int64]:
    """For each power of two, from LOWEST: how many float32 below it have its logarithm.

    ggml takes the logarithm in single precision and then its floor. Just below 2^k the logarithm
    is nearest to k. The j-th float32 below it has k - j * 2^-24 * log2(e), and half the distance
    of k to the number below it decides. No j comes near a tie, so that all good libraries agree.
    """
    exponents = np.arange(LOWEST, 129, dtype=np.float32)
    below = np.nextafter(exponents, np.float32(-np.inf)).astype(np.float64)
    steps: NDArray[np.int64] = ((exponents - below) / (2**-23 * np.log2(np.e))).astype(np.int64)
    return steps


STEPS_ROUNDED_UP = _steps_rounded_up()


class _Encoder:
    def __init__(self, n: int, _importance: Floats | None) -> None:
        self._quads = Quads(n, 32)
        self._magnitudes = buffer((8, n * 4))
        self._round = Rounder(n, 32)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._quads(rows)
        np.abs(x, out=self._magnitudes)
        e = _exponent_bytes(self._quads.reduce(np.maximum, self._magnitudes))
        d = np.take(HALVES, e)
        self._round(x, self._magnitudes, d)
        wide = np.flatnonzero(d > WIDEST)
        if len(wide):
            self._round.take_nearest(wide, rows[wide], d[wide])
        store(out, e, self._round.codes)


def _exponent_bytes(largest: Floats) -> Bytes:
    """floor(log2f(largest)) - 2 + 127, its low 8 bits; 0 for 0."""
    bits = largest.astype(np.float64).view(np.int64)
    exponents = (bits >> 52) - 1023
    bits += np.take(STEPS_ROUNDED_UP, exponents + 1 - LOWEST, mode="clip") << ONE_STEP
    found = ((bits >> 52) - 1023 - 2 + 127).astype(np.uint8)
    found[largest == 0] = 0
    return found


def store(out: Blocks, e: Bytes, codes: Bytes) -> None:
    """Fill n blocks with the scale bytes e (n,) and codes (8, n * 4) in quads."""
    out["e"] = e
    fours = (codes[:4] + 16 * codes[4:]).view("<u4")
    store_fours(out, "qs", fours)


def _decode(blocks: Blocks, out: Floats) -> None:
    out[...] = _values_of(load(blocks, "qs"), 16)
    out *= np.take(HALVES, blocks["e"])[:, None]


MXFP4 = Format(
    name="MXFP4",
    ggml_type=39,
    block=32,
    layout=np.dtype([("e", "u1"), ("qs", "u1", 16)]),
    scales=(),
    saturates=True,
    largest=12 * 2.0**124,
    worst_error=1 / 4,  # just below 8 times the scale, where 6 is the largest number
    ggml=_Encoder,
    decoder=Unbuffered(_decode),
)
