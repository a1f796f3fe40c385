"""Q4_K: 256 weights in 8 groups of 4-bit codes; value = (d * scale) * q - (dmin * min).

Each group has a scale and a min of six bits, in units of the half-precision d and dmin.
Source: ggml-quants.c, dequantize_row_q4_K.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, fold, join_fours, load, store_fours, unfold
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats import six_bits
from llmq_kernels.formats.parts import Groups, OffsetParts, restore

GROUPS = Groups(8, 32, max_code=15, max_scale=63)


def store(out: Blocks, parts: OffsetParts) -> None:
    """Store d, dmin, scales and mins (8, n) 0 .. 63, and codes 0 .. 15."""
    out["d"], out["dmin"] = parts.d, parts.offset
    store_fours(out, "scales", join_fours(six_bits.pack(parts.scales, parts.mins)))
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 15 beside scales that stay."""
    store_fours(out, "qs", fold(codes, 4, 32))


def _decode(blocks: Blocks, out: Floats) -> None:
    restore(out, unfold(load(blocks, "qs"), 4, 32), *six_bits.scales_and_offsets(blocks))


Q4_K = Format(
    name="Q4_K",
    ggml_type=12,
    block=256,
    layout=np.dtype([("d", "<f2"), ("dmin", "<f2"), ("scales", "u1", 12), ("qs", "u1", 128)]),
    scales=("d", "dmin"),
    largest=14 * 63 * 65504.0,  # the search may give it that code; downwards 63 * 65504
    worst_error=1 / 5,  # a step and a half of 2 / 15, where the search chose to clip
    decoder=_decode,
)
