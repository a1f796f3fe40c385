"""Q5_0: 32 weights as 5-bit codes on one half-precision scale; value = d * (q - 16).

Source: ggml-quants.c, dequantize_row_q5_0.
"""

import numpy as np

from llmq_kernels.arrays.bits import (
    Blocks,
    fold,
    join_fifth_bits,
    load,
    split_fifth_bits,
    store_fours,
)
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store d and codes 0 .. 31."""
    codes = parts.codes
    out["d"] = parts.d
    out["qh"] = join_fifth_bits(codes)
    codes &= 15
    store_fours(out, "qs", fold(codes, 4, 16))


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
    worst_error=1 / 16 + 2**-11,  # a step, for the mirror image of the largest; d is rounded
    decoder=_decode,
)
