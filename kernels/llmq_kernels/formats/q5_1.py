"""Q5_1: 32 weights as 5-bit codes on one half-precision scale and offset; value = d * q + m.

Source: ggml-quants.c, dequantize_row_q5_1.
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
    unfold,
)
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import OffsetParts, load_halves, restore


def store(out: Blocks, parts: OffsetParts) -> None:
    """Store d, m and codes 0 .. 31."""
    out["d"], out["m"] = parts.d, parts.offset
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 31, which are used up, beside scales that stay."""
    out["qh"] = join_fifth_bits(codes)
    codes &= 15
    store_fours(out, "qs", fold(codes, 4, 16))


def scales_and_offsets(blocks: Blocks) -> tuple[Floats, Floats]:
    """The scale d and the offset m of each of n blocks, (n, 1)."""
    scale, offset = load_halves(blocks, "d", "m")
    return scale, offset


def _decode(blocks: Blocks, out: Floats) -> None:
    codes = split_fifth_bits(blocks["qh"])
    codes += unfold(load(blocks, "qs"), 4, 16)
    restore(out, codes, *scales_and_offsets(blocks))


Q5_1 = Format(
    name="Q5_1",
    ggml_type=7,
    block=32,
    layout=np.dtype([("d", "<f2"), ("m", "<f2"), ("qh", "<u4"), ("qs", "u1", 16)]),
    scales=("d", "m"),
    largest=65504.0,
    worst_error=1 / 31 + 3 * 2**-11,  # half a step; d and m are rounded
    decoder=_decode,
)
