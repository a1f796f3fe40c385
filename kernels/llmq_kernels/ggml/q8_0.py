"""quantize_row_q8_0_ref: d = max |x| / 127, and codes x / d, rounded half away from zero."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        quads = Quads(n, 32)
        work, codes = np.empty((8, n * 4), np.float32), np.empty((8, n * 4), np.int8)

        def encode(rows: Floats, out: Blocks) -> None:
            x = quads(rows)  # (8, n * 4)
            d = quads.reduce(np.maximum, np.abs(x, out=work)) / np.float32(127)  # (n,)
            inverse = reciprocal(d)
            x *= spread(inverse)
            _round_away(x, work, codes)
            if np.isinf(inverse.max()):
                codes.view("<u4")[:, np.isinf(inverse)] = 0  # C makes 0 of infinities and NaN
            self.store(out, ScaleParts(to_f16(d), codes.view(np.uint8)))

        return encode


def _round_away(x: Floats, work: Floats, codes: NDArray[np.int8]) -> None:
    """C's roundf, half away from zero: add just less than one half of x's sign, truncate."""
    nearly_half = work.view(np.uint32)
    np.bitwise_and(x.view(np.uint32), SIGN, out=nearly_half)
    np.bitwise_or(nearly_half, BELOW_HALF, out=nearly_half)
    x += work
    np.copyto(codes, x, casting="unsafe")
