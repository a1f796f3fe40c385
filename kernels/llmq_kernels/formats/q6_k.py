"""Q6_K: 256 weights in 16 groups of 6-bit codes; value = (d * scale) * (q - 32).

Each group has a signed byte as its scale, in units of the half-precision d.
Source: ggml-quants.c, dequantize_row_q6_K.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, fold, join_fours, load, store_fours, unfold
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store d, the bytes of scales (16, n) -128 .. 127, and codes 0 .. 63."""
    out["d"] = parts.d
    store_fours(out, "scales", join_fours(parts.scales))
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 63, which are used up, beside scales that stay."""
    store_fours(out, "qh", fold(codes // np.uint8(16), 2, 32))
    codes &= 15
    store_fours(out, "ql", fold(codes, 4, 64))


def scales(blocks: Blocks) -> Floats:
    """The scale d * scale of each group of n blocks, (n, 16)."""
    steps: Floats = blocks["d"].astype(np.float32)[:, None] * load(blocks, "scales")
    return steps


def _decode(blocks: Blocks, out: Floats) -> None:
    codes = unfold(load(blocks, "ql"), 4, 64)
    codes |= unfold(load(blocks, "qh"), 2, 32) * np.uint8(16)
    signed = codes.view(np.int8)
    signed -= 32
    out[...] = signed
    out *= np.repeat(scales(blocks), 16).reshape(out.shape)


Q6_K = Format(
    name="Q6_K",
    ggml_type=14,
    block=256,
    layout=np.dtype([("ql", "u1", 128), ("qh", "u1", 64), ("scales", "i1", 16), ("d", "<f2")]),
    scales=("d",),
    largest=32 * 128 * 65504.0,
    worst_error=1 / 16,  # two steps of 32, where the search chose to clip
    decoder=_decode,
)
