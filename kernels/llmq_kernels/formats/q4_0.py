"""Q4_0: 32 weights as 4-bit codes on one half-precision scale; value = d * (q - 8).

Source: ggml-quants.c, quantize_q4_0 and dequantize_row_q4_0.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.ggml.symmetric_blocks import Symmetric
from llmq_kernels.search.roundings import Steps
from llmq_kernels.search.scale import ScaleBlocks


def store(out: Blocks, d: Floats, codes: Bytes) -> None:
    """Store scales (n,) and codes 0 .. 15 in quads (8, n * 4), which are used up."""
    low, high = codes[:4], codes[4:]
    high *= np.uint8(16)
    low += high
    out["d"] = to_f16(d)
    store_fours(out, "qs", low.view("<u4"))


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
    ggml=Symmetric(nmax=8, store=store),
    decoder=Unbuffered(_decode),
    search=ScaleBlocks(
        rounding=Steps(8),
        tries=(-8.6, -8.0, -6.95, 7.55),
        weighted_tries=(-8.8, -8.2, -6.95, 7.6),
        store=store,
    ),
)
