"""Q4_0: 32 weights as 4-bit codes on one half-precision scale; value = d * (q - 8).

The scale is the element of largest magnitude divided by -8, so that this one is met exactly and
the code range -8..7 is used on its longer side.
Source: ggml-quants.c, quantize_row_q4_0_ref and dequantize_row_q4_0.
"""

import numpy as np

from llmq_kernels.columns import Floats, Quads, spread
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.halves import to_f16
from llmq_kernels.packing import Blocks, load, store_fours
from llmq_kernels.scales import outermost, reciprocal


class _Encoder:
    def __init__(self, n: int) -> None:
        self._quads = Quads(n, 32)
        self._codes = np.empty((8, n * 4), np.uint8)
        self._fours = self._codes.view("<u4")  # (8, n)
        self._largest_code = np.full_like(self._codes, 15)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._quads(rows)  # (8, n * 4)
        d = self._first_largest(rows, x) / np.float32(-8)  # (n,)
        inverse = reciprocal(d)
        x *= spread(inverse)
        x += np.float32(8.5)
        np.copyto(self._codes, x, casting="unsafe")
        np.minimum(self._codes, self._largest_code, out=self._codes)
        if np.isinf(np.abs(inverse).max()):
            self._fours[:, np.isinf(inverse)] = 0  # C makes 0 of infinities and NaN
        low, high = self._codes[:4], self._codes[4:]
        high *= np.uint8(16)
        low += high
        out["d"] = to_f16(d)
        store_fours(out, "qs", self._fours[:4])

    def _first_largest(self, rows: Floats, x: Floats) -> Floats:
        """The first element of largest magnitude in each block; +0 if all are zero."""
        high = self._quads.reduce(np.maximum, x)
        largest, tied = outermost(high, self._quads.reduce(np.minimum, x))
        if len(tied):
            first = np.abs(rows[tied]).argmax(axis=1)
            largest[tied] = rows[tied, first] + np.float32(0)  # -0 + 0 is +0
        return largest


def _decode(blocks: Blocks, out: Floats) -> None:
    packed = load(blocks, "qs")
    codes = np.concatenate([packed & 15, packed >> 4], axis=1).view(np.int8)
    codes -= 8
    out[...] = codes
    out *= blocks["d"].astype(np.float32)[:, None]


Q4_0 = Format(
    name="Q4_0",
    ggml_type=2,
    block=32,
    layout=np.dtype([("d", "<f2"), ("qs", "u1", 16)]),
    scales=("d",),
    largest=8 * 65504.0,
    worst_error=1 / 8 + 2**-11,  # a step, for the mirror image of the largest element; d is rounded
    encoder=_Encoder,
    decoder=Unbuffered(_decode),
)
