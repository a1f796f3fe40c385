"""Weights that are d * code already, but for the rounding of the type they are stored in.

Training that is aware of Q4_0 leaves weights whose blocks lie on its grid, and publishes them as
BF16. An encoder that looks for the least error may take another scale then; the one that the
weights were made with gives them back exactly. It is found from the weight farthest from zero,
whose code is tried from 8 down to 1: every other weight must then lie at a code, and tells by its
own rounding between which scales d lies. Of these the half nearest to the middle is taken, and
holds only if all 32 products round to the very weights.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import from_bf16, to_bf16, to_f16
from llmq_kernels.formats.q4_0 import Q4_0

ZERO = 8
LEVELS = range(8, 0, -1)


def _as_bf16(values: Floats) -> Floats:
    rounded = np.empty_like(values)
    from_bf16(to_bf16(values), rounded)
    return rounded


def _as_f16(values: Floats) -> Floats:
    return to_f16(values).astype(np.float32)


def _as_f32(values: Floats) -> Floats:
    return values


class _Stored(NamedTuple):
    """A type that weights are stored in: its rounding, and half of its last place in bits."""

    rounded: Callable[[Floats], Floats]
    half: int


TYPES: Mapping[str, _Stored] = {
    "F32": _Stored(_as_f32, 0),
    "F16": _Stored(_as_f16, 0x1000),
    "BF16": _Stored(_as_bf16, 0x8000),
}
"""By name; the bits are those of a float32."""


def on_q4_0(rows: Floats, stored_as: str) -> tuple[Blocks, NDArray[np.bool_]]:
    """The Q4_0 blocks (n,) that give weights (n, 32) back exactly, and which of them do.

    `stored_as` is the type that the weights were rounded to. Blocks that do not are left undefined.

    >>> codes = np.arange(32, dtype=np.float32)[None] % 16 - 8
    >>> blocks, exact = on_q4_0(codes * np.float32(0.25), "BF16")
    >>> exact.tolist(), float(blocks["d"][0])
    ([True], 0.25)
    """
    with np.errstate(all="ignore"):  # what is not finite, or overflows a half, fits nothing
        return _on_q4_0(np.ascontiguousarray(rows.T), TYPES[stored_as])


def _on_q4_0(x: Floats, stored: _Stored) -> tuple[Blocks, NDArray[np.bool_]]:
    n = x.shape[1]
    far = x[np.abs(x).argmax(axis=0), np.arange(n)]
    scales, codes = np.zeros(n, np.float16), np.full(x.shape, ZERO, np.uint8)
    exact = far == 0
    for level in LEVELS:
        left = np.flatnonzero(~exact)
        if not len(left):
            break
        some = x[:, left]
        step = far[left] / np.float32(-8) if level == ZERO else np.abs(far[left]) / level
        fits, d, found = _fitted(some, step.astype(np.float32), stored)
        here = left[fits]
        exact[here], scales[here], codes[:, here] = True, d[fits], found[:, fits]
    blocks = np.empty(n, Q4_0.layout)
    blocks["d"] = scales
    blocks["qs"] = (codes[:16] | codes[16:] << 4).T
    return blocks, exact


def _fitted(
    x: Floats, step: Floats, stored: _Stored
) -> tuple[NDArray[np.bool_], NDArray[np.float16], NDArray[np.uint8]]:
    """Which columns of x are codes times a half near `step`, that half, and the codes 0 .. 15."""
    codes = np.clip(np.rint(x / step), -8, 7)
    d = to_f16(step)
    fits = _equal(x, d, codes, stored)
    if stored.half and not fits.all():
        middle = to_f16(_middle(np.abs(x), np.abs(codes), stored.half) * np.sign(step))
        d = np.where(fits, d, middle)
        fits = _equal(x, d, codes, stored)
    return fits, d, (np.nan_to_num(codes) + ZERO).astype(np.uint8)


def _middle(magnitudes: Floats, codes: Floats, half: int) -> Floats:
    """The middle of all scales that every magnitude could be the rounded multiple of."""
    bits = magnitudes.view("<u4")
    low = (np.maximum(bits, half) - half).view("<f4") / codes
    high = (bits + half).view("<f4") / codes
    used = codes > 0
    lowest = np.where(used, low, 0).max(axis=0)
    highest = np.where(used, high, np.inf).min(axis=0)
    middle: Floats = ((lowest + highest) / 2).astype(np.float32)
    return middle


def _equal(x: Floats, d: NDArray[np.float16], codes: Floats, stored: _Stored) -> NDArray[np.bool_]:
    """Which columns of x are these codes times d, rounded."""
    equal: NDArray[np.bool_] = (stored.rounded(d.astype(np.float32) * codes) == x).all(axis=0)
    return equal & np.isfinite(d)
