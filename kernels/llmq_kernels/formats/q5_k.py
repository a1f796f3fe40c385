"""Q5_K: 256 weights in 8 groups of 5-bit codes; value = (d * scale) * q - (dmin * min).

Each group has a scale and a min of six bits, in units of the half-precision d and dmin.
Source: ggml-quants.c, dequantize_row_q5_K.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, fold, join_fours, load, store_fours, unfold
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats import six_bits
from llmq_kernels.formats.parts import Groups, OffsetParts, restore

GROUPS = Groups(8, 32, max_code=31, max_scale=63)


def store(out: Blocks, parts: OffsetParts) -> None:
    """Store d, dmin, scales and mins (8, n) 0 .. 63, and codes 0 .. 31."""
    out["d"], out["dmin"] = parts.d, parts.offset
    store_fours(out, "scales", join_fours(six_bits.pack(parts.scales, parts.mins)))
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 31, which are used up, beside scales that stay."""
    store_fours(out, "qh", fold(codes // np.uint8(16), 1, 32))
    codes &= 15
    store_fours(out, "qs", fold(codes, 4, 32))


def as_stored(scales: Bytes, mins: Bytes) -> tuple[Bytes, Bytes]:
    """What ggml makes of codes that are too large."""
    return np.minimum(scales, np.uint8(63)), np.minimum(mins, np.uint8(63))


def _decode(blocks: Blocks, out: Floats) -> None:
    codes = unfold(load(blocks, "qh"), 1, 32)
    codes *= np.uint8(16)
    codes += unfold(load(blocks, "qs"), 4, 32)
    restore(out, codes, *six_bits.scales_and_offsets(blocks))


Q5_K = Format(
    name="Q5_K",
    ggml_type=13,
    block=256,
    layout=np.dtype(
        [
            ("d", "<f2"),
            ("dmin", "<f2"),
            ("scales", "u1", 12),
            ("qh", "u1", 32),
            ("qs", "u1", 128),
        ]
    ),
    scales=("d", "dmin"),
    largest=30 * 63 * 65504.0,  # the search may give it that code; downwards 63 * 65504
    worst_error=3 / 31,  # a step and a half of 2 / 31, where the search chose to clip
    decoder=_decode,
)
