"""quantize_row_q8_0_ref: a scale from the largest magnitude, and codes -127 .. 127 of one byte.

d = max |x| / 127, and q = x / d, rounded half away from zero.
"""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.arrays.columns import Floats, Quads, spread
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import ScaleParts, StoreScales

SIGN = np.uint32(0x80000000)
BELOW_HALF = np.uint32(0x3EFFFFFF)  # the bits of 0.49999997, the largest float32 below one half


@dataclass(frozen=True)
class SignedBytes:
    """Makes encoders of blocks of 32 weights as signed bytes."""

    store: StoreScales

    def __call__(self, n: int, _importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        return _SignedBytes(n, self.store)


class _SignedBytes:
    def __init__(self, n: int, store: StoreScales) -> None:
        self._store = store
        self._quads = Quads(n, 32)
        self._work = np.empty((8, n * 4), np.float32)
        self._codes = np.empty((8, n * 4), np.int8)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._quads(rows)  # (8, n * 4)
        np.abs(x, out=self._work)
        amax = self._quads.reduce(np.maximum, self._work)  # (n,)
        d = amax / np.float32(127)
        inverse = reciprocal(d)
        x *= spread(inverse)
        self._round_away(x)
        if np.isinf(inverse.max()):
            self._codes.view("<u4")[:, np.isinf(inverse)] = 0  # C makes 0 of infinities and NaN
        self._store(out, ScaleParts(to_f16(d), self._codes.view(np.uint8)))

    def _round_away(self, x: Floats) -> None:
        """C's roundf, half away from zero: add just less than one half of x's sign, truncate."""
        nearly_half = self._work.view(np.uint32)
        np.bitwise_and(x.view(np.uint32), SIGN, out=nearly_half)
        np.bitwise_or(nearly_half, BELOW_HALF, out=nearly_half)
        x += self._work
        np.copyto(self._codes, x, casting="unsafe")
