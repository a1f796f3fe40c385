"""Q5_0: 32 weights as 5-bit codes on one half-precision scale; value = d * (q - 16).

Source: ggml-quants.c, dequantize_row_q5_0.
"""

import numpy as np

from llmq_kernels.arrays.bits import (
    Blocks,
    Bytes,
    fold,
    join_fifth_bits,
    load,
    split_fifth_bits,
    store_fours,
)
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts, load_halves


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store d and codes 0 .. 31."""
    out["d"] = parts.d
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 31, which are used up, beside scales that stay."""
    out["qh"] = join_fifth_bits(codes)
    codes &= 15
    store_fours(out, "qs", fold(codes, 4, 16))


def scales(blocks: Blocks) -> Floats:
    """The scale of each of n blocks, (n, 1)."""
    return load_halves(blocks, "d")[0]


def _decode(blocks: Blocks, out: Floats) -> None:
    packed = load(blocks, "qs")
    codes = split_fifth_bits(blocks["qh"])
    codes[:, :16] += packed & 15
    codes[:, 16:] += packed >> 4
    signed = codes.view(np.int8)
    signed -= 16
    out[...] = signed
    out *= scales(blocks)


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
