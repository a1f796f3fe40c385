"""Half-precision numbers: IEEE binary16 (F16) and the upper half of a float32 (BF16).

ggml's roundings are nearest-even for both. A NaN becomes 0x7E00 with its sign as F16, and keeps
its upper bits, made quiet, as BF16 (ggml-impl.h: ggml_compute_fp32_to_fp16, _fp32_to_bf16).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Halves = NDArray[np.float16]

EXPONENT_BITS = {np.dtype("<f2"): 0x7C00, np.dtype("<u2"): 0x7F80, np.dtype("<f4"): 0x7F800000}
"""By the dtype that stores it (BF16 has none of its own): all of them set is an infinity or NaN."""


INFINITE = np.uint32(0x477FF000)
"""The bits of 65520, the least that rounds to an infinity."""


def to_f16(values: NDArray[np.float32]) -> Halves:
    """Round to the nearest half; what is too large becomes an infinity.

    Done with integers, because NumPy's own conversion takes ten times as long, and fifty times
    where halves are subnormal, as most scales of blocks are.
    """
    bits = values.view("<u4")
    magnitude = bits & 0x7FFFFFFF
    not_a_number = magnitude > 0x7F800000 if magnitude.max(initial=0) > 0x7F800000 else None
    np.minimum(magnitude, INFINITE, out=magnitude)
    # Adding 1/2 leaves a multiple of 2^-24 in the low bits: the halves below 2^-14, nearest even.
    subnormal = (magnitude.view("<f4") + np.float32(0.5)).view("<u4")
    subnormal -= 0x3F000000
    halves = magnitude >> 13
    halves &= 1
    halves += magnitude
    halves -= 0x387FF001  # 2^-14, less all but half of the last place; huge below that
    halves >>= 13
    halves += 0x0400
    np.minimum(halves, subnormal, out=halves)  # either is the larger one where it does not hold
    if not_a_number is not None:
        halves[not_a_number] = 0x7E00
    np.right_shift(bits, 16, out=magnitude)
    magnitude &= 0x8000
    halves |= magnitude
    rounded: Halves = halves.astype("<u2").view("<f2")
    return rounded


def from_f16(halves: Halves, out: NDArray[np.float32]) -> None:
    """Write the float32 that each half stands for; exact.

    A half's bits, moved to their place in a float32, are a number that is 2^112 times too small:
    also where it is subnormal, but not where it is infinite or NaN. NumPy's own conversion takes
    three times as long.
    """
    if not is_finite(halves).all():
        out[...] = halves
        return
    wide = out.view("<i4")
    wide[...] = halves.view("<i2")
    wide <<= 13
    wide &= np.int32(-0x70002000)  # all but the three bits that the sign was spread to
    out *= np.float32(2.0**112)


def to_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Round to the nearest value whose lower 16 bits are zero, and return its upper 16 bits."""
    bits = values.view("<u4")
    rounded = bits >> 16
    halves = (rounded & 1) + 0x7FFF
    halves += bits
    halves >>= 16
    wrong = np.isnan(values)
    if wrong.any():
        halves[wrong] = rounded[wrong] | 0x40
    return halves.astype("<u2")


def from_bf16(bits: NDArray[np.uint16], out: NDArray[np.float32]) -> None:
    """Write the float32 that each pattern stands for; exact."""
    wide = out.view("<u4")
    wide[...] = bits
    wide <<= 16


def is_finite(stored: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell for stored numbers of any of these kinds whether they are neither infinite nor NaN."""
    mask = EXPONENT_BITS[stored.dtype]
    bits = stored.view(f"<u{stored.dtype.itemsize}")
    finite: NDArray[np.bool_] = (bits & mask) != mask
    return finite
