"""Q5_0: 32 weights as 5-bit codes on one half-precision scale; value = d * (q - 16).

Source: ggml-quants.c, quantize_q5_0 and dequantize_row_q5_0.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.fifth_bits import join_fifth_bits, split_fifth_bits
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.ggml.symmetric_blocks import Symmetric
from llmq_kernels.search.roundings import Steps
from llmq_kernels.search.scale import ScaleBlocks


def store(out: Blocks, d: Floats, codes: Bytes) -> None:
    """Store scales (n,) and codes 0 .. 31 in quads (8, n * 4), which are used up."""
    out["d"] = to_f16(d)
    out["qh"] = join_fifth_bits(codes)
    codes &= 15
    low, high = codes[:4], codes[4:]
    high *= np.uint8(16)
    low += high
    store_fours(out, "qs", low.view("<u4"))


def _decode(blocks: Blocks, out: Floats) -> None:
    packed = load(blocks, "qs")
    codes = split_fifth_bits(blocks["qh"])
    codes[:, :16] += packed & 15
    codes[:, 16:] += packed >> 4
    signed = codes.view(np.int8)
    signed -= 16
    out[...] = signed
    out *= blocks["d"].astype(np.float32)[:, None]


Q5_0 = Format(
    name="Q5_0",
    ggml_type=6,
    block=32,
    layout=np.dtype([("d", "<f2"), ("qh", "<u4"), ("qs", "u1", 16)]),
    scales=("d",),
    largest=16 * 65504.0,
    worst_error=1 / 16
    + 2**-11,  # a step, for the mirror image of the largest element; d is rounded
    ggml=Symmetric(nmax=16, store=store),
    decoder=Unbuffered(_decode),
    search=ScaleBlocks(
        rounding=Steps(16),
        tries=(-16.5, -15.9, -15.3, -14.7),
        weighted_tries=(-16.5, -16.0, -14.95, -14.0),
        store=store,
    ),
)
