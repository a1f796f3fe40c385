"""Q8_0: 32 weights as signed bytes on one half-precision scale; value = d * q.

Source: ggml-quants.c, quantize_row_q8_0_ref and dequantize_row_q8_0.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, load, store_fours
from llmq_kernels.arrays.columns import Floats, Quads, spread
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.format import Format, Unbuffered

SIGN = np.uint32(0x80000000)
BELOW_HALF = np.uint32(0x3EFFFFFF)  # the bits of 0.49999997, the largest float32 below one half


class _Encoder:
    def __init__(self, n: int, _importance: Floats | None) -> None:
        self._quads = Quads(n, 32)
        self._work = np.empty((8, n * 4), np.float32)
        self._codes = np.empty((8, n * 4), np.int8)
        self._fours = self._codes.view("<i4")  # (8, n)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._quads(rows)  # (8, n * 4)
        np.abs(x, out=self._work)
        amax = self._quads.reduce(np.maximum, self._work)  # (n,)
        d = amax / np.float32(127)
        inverse = reciprocal(d)
        x *= spread(inverse)
        self._round_away(x)
        if np.isinf(inverse.max()):
            self._fours[:, np.isinf(inverse)] = 0  # C makes 0 of infinities and NaN
        out["d"] = to_f16(d)
        store_fours(out, "qs", self._fours)

    def _round_away(self, x: Floats) -> None:
        """C's roundf, half away from zero: add just less than one half of x's sign, truncate."""
        nearly_half = self._work.view(np.uint32)
        np.bitwise_and(x.view(np.uint32), SIGN, out=nearly_half)
        np.bitwise_or(nearly_half, BELOW_HALF, out=nearly_half)
        x += self._work
        np.copyto(self._codes, x, casting="unsafe")


def _decode(blocks: Blocks, out: Floats) -> None:
    out[...] = load(blocks, "qs")
    out *= blocks["d"].astype(np.float32)[:, None]


Q8_0 = Format(
    name="Q8_0",
    ggml_type=8,
    block=32,
    layout=np.dtype([("d", "<f2"), ("qs", "i1", 32)]),
    scales=("d",),
    largest=127 * 65504.0,
    worst_error=1 / 254 + 2**-11,  # half a step; d is rounded
    ggml=_Encoder,
    decoder=Unbuffered(_decode),
)
