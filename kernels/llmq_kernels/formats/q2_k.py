"""Q2_K: 256 weights in 16 groups of 2-bit codes; value = (d * scale) * q - (dmin * min).

Each group has a scale and a min of four bits, in units of the half-precision d and dmin.
Source: ggml-quants.c, dequantize_row_q2_K.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, fold, join_fours, load, store_fours, unfold
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import Groups, OffsetParts, load_halves, restore

GROUPS = Groups(16, 16, max_code=3, max_scale=15)


def store(out: Blocks, parts: OffsetParts) -> None:
    """Store d, dmin, scales and mins (16, n) 0 .. 15, and codes 0 .. 3."""
    out["d"], out["dmin"] = parts.d, parts.offset
    store_fours(out, "scales", join_fours(_join(parts.scales, parts.mins)))
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 3 beside scales that stay."""
    store_fours(out, "qs", fold(codes, 2, 32))


def as_stored(scales: Bytes, mins: Bytes) -> tuple[Bytes, Bytes]:
    """What codes are read back as, if some are too large."""
    return _split(_join(scales, mins))


def scales_and_offsets(blocks: Blocks) -> tuple[Floats, Floats]:
    """The scale d * scale and the offset -dmin * min of each group of n blocks, (n, 16)."""
    d, dmin = load_halves(blocks, "d", "dmin")
    scales, mins = _split(load(blocks, "scales"))
    return d * scales, -dmin * mins


def _decode(blocks: Blocks, out: Floats) -> None:
    restore(out, unfold(load(blocks, "qs"), 2, 32), *scales_and_offsets(blocks))


def _join(scales: Bytes, mins: Bytes) -> Bytes:
    return scales | mins << np.uint8(4)


def _split(both: Bytes) -> tuple[Bytes, Bytes]:
    return both & np.uint8(15), both >> np.uint8(4)


Q2_K = Format(
    name="Q2_K",
    ggml_type=10,
    block=256,
    layout=np.dtype([("scales", "u1", 16), ("qs", "u1", 64), ("d", "<f2"), ("dmin", "<f2")]),
    scales=("d", "dmin"),
    largest=2 * 15 * 65504.0,  # the search may give it that code; downwards 15 * 65504
    worst_error=1.0,  # of a weight of 0, which does not count in the search
    decoder=_decode,
)
