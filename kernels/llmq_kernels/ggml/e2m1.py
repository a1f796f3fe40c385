"""quantize_row_mxfp4_ref, quantize_row_nvfp4_ref: numbers of four bits, E2M1.

In MXFP4 the scale is a quarter of the largest power of two in the block, so that the largest
numbers, from 6 to 8 times the scale, become 6. In NVFP4 it is a sixth of the largest magnitude.
Source besides: best_index_mxfp4; ggml-impl.h, ggml_fp32_to_ue4m3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks, Bytes
from llmq_kernels.arrays.columns import Floats, Quads, buffer, spread
from llmq_kernels.format import Encode
from llmq_kernels.formats import mxfp4, nvfp4
from llmq_kernels.formats.parts import ScaleParts, StoreScales

FAR = 120
"""Times d: the largest magnitude that Rounder can round without `take_nearest`."""


class Rounder:
    """Finds the codes of n blocks of k weights in quads.

    What lies in the middle between two numbers belongs to the smaller one. A middle is a multiple
    of d / 2, which divides exactly enough for the quotient to lie on its side of the middle.
    """

    def __init__(self, n: int, k: int) -> None:
        shape = (k // 4, n * 4)
        self.codes, self._halves, self._eight = buffer((3, *shape), np.uint8)
        self._eight.fill(8)
        self._above, self._negative = buffer((2, *shape), np.bool_)

    def __call__(self, x: Floats, magnitudes: Floats, d: Floats) -> None:
        """Set `codes` to those of quads x with their blocks' d (n,); magnitudes, |x|, are lost."""
        magnitudes /= spread(d / np.float32(2))
        np.ceil(magnitudes, out=magnitudes)
        np.copyto(self._halves, magnitudes, casting="unsafe")
        np.minimum(self._halves, self._eight, out=self.codes)
        self.codes //= 2  # 0, 1, 2, 3, 4 from more than 0, 1, 3, 5, 7 halves
        for limit in (10, 14, 20):
            self.codes += np.greater(self._halves, limit, out=self._above).view(np.uint8)
        self._add_signs(x)

    def _add_signs(self, x: Floats) -> None:
        negative = np.less(x, 0, out=self._negative)
        negative &= np.greater(self.codes, 0, out=self._above)
        signs = negative.view(np.uint8)
        signs *= 8
        self.codes += signs

    def take_nearest(self, blocks: NDArray[np.intp], weights: Floats, d: Floats) -> None:
        """Set the codes of some blocks of weights (blocks, k) to the first of the nearest.

        So does ggml with all. It matters where a block's scale is so far off that the differences
        of its weights from several numbers are rounded to the same, or to infinity.
        """
        candidates = mxfp4.VALUES.astype(np.float32)[:, None, None] * d[:, None]
        nearest: Bytes = np.abs(candidates - weights).argmin(axis=0).astype(np.uint8)
        rows = self.codes.reshape(len(self.codes), -1, 4)
        rows[:, blocks] = nearest.reshape(len(blocks), -1, 4).transpose(1, 0, 2)


WIDEST = np.float32(2**124)
"""The largest d for which 12 d is finite."""

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


@dataclass(frozen=True)
class PowerOfTwoScales:
    """Makes encoders of MXFP4."""

    store: StoreScales

    def __call__(self, n: int, _importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        quads, rounder, magnitudes = Quads(n, 32), Rounder(n, 32), buffer((8, n * 4))

        def encode(rows: Floats, out: Blocks) -> None:
            x = quads(rows)
            np.abs(x, out=magnitudes)
            e = _exponent_bytes(quads.reduce(np.maximum, magnitudes))
            d = np.take(mxfp4.SCALES, e)
            rounder(x, magnitudes, d)
            wide = np.flatnonzero(d > WIDEST)
            if len(wide):
                rounder.take_nearest(wide, rows[wide], d[wide])
            self.store(out, ScaleParts(e, rounder.codes))

        return encode


def _exponent_bytes(largest: Floats) -> Bytes:
    """floor(log2f(largest)) - 2 + 127, its low 8 bits; 0 for 0."""
    bits = largest.astype(np.float64).view(np.int64)
    exponents = (bits >> 52) - 1023
    bits += np.take(STEPS_ROUNDED_UP, exponents + 1 - LOWEST, mode="clip") << ONE_STEP
    found = ((bits >> 52) - 1023 - 2 + 127).astype(np.uint8)
    found[largest == 0] = 0
    return found


@dataclass(frozen=True)
class FloatScales:
    """Makes encoders of NVFP4, for which the groups of a block are blocks."""

    store: StoreScales

    def __call__(self, n: int, _importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        groups = nvfp4.GROUPS * n
        quads, rounder, magnitudes = Quads(groups, 16), Rounder(groups, 16), buffer((4, groups * 4))

        def encode(rows: Floats, out: Blocks) -> None:
            rows = rows.reshape(-1, 16)
            x = quads(rows)
            np.abs(x, out=magnitudes)
            largest = quads.reduce(np.maximum, magnitudes)  # (groups,)
            scales = _nearest_scale(largest / np.float32(6))
            d = np.take(nvfp4.SCALES, scales)
            d[scales == 0] = np.inf  # then all codes are 0
            rounder(x, magnitudes, d)
            far = np.flatnonzero(largest > FAR * d)
            if len(far):
                rounder.take_nearest(far, rows[far], d[far])
            self.store(out, ScaleParts(scales, rounder.codes))

        return encode


def _nearest_scale(values: Floats) -> Bytes:
    """The UE4M3 next to each value, half upwards; from 248 on ggml takes the largest."""
    codes = ((values.view(np.int32) + (1 << 19)) >> 20) - (127 - 7 << 3)
    codes[codes >= 15 << 3] = nvfp4.LARGEST
    small = np.flatnonzero(~(values >= np.float32(2**-6)))
    steps = values[small] * np.float32(512) + np.float32(0.5)
    codes[small] = np.clip(steps, 0, 7)
    return codes.astype(np.uint8)
