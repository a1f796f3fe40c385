"""IQ4_XS: 256 weights in 8 groups of 4-bit codes; value = (d * (scale - 32)) * VALUES[code].

Each group has a 6-bit scale, in units of the half-precision d; codebook.py has the sixteen values.
Source: ggml-quants.c, dequantize_row_iq4_xs.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, NibbleTable, fold, load, store_fours
from llmq_kernels.arrays.codebook import VALUES
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts

GROUPS = 8  # of 32 weights each
_values_of = NibbleTable(VALUES)


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store d, scales (8, n) 0 .. 63 and codes 0 .. 15."""
    out["d"] = parts.d
    high = np.zeros(len(out), np.uint16)
    for group, scale in enumerate(parts.scales):
        high |= (scale >> 4).astype(np.uint16) << 2 * group
    out["scales_h"] = high
    low = parts.scales & 15
    out["scales_l"] = (low[0::2] | low[1::2] << 4).T
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 15 beside scales that stay."""
    store_fours(out, "qs", fold(codes, 4, 16))


def scales(blocks: Blocks) -> Floats:
    """The scale d * (scale - 32) of each group of n blocks, (n, 8)."""
    low = load(blocks, "scales_l")
    high = blocks["scales_h"][:, None] >> np.arange(0, 16, 2, dtype=np.uint16)
    whole = np.stack([low & 15, low >> 4], axis=2).reshape(-1, GROUPS) | (high & 3) << 4
    steps: Floats = blocks["d"].astype(np.float32)[:, None] * (whole.astype(np.float32) - 32)
    return steps


def _decode(blocks: Blocks, out: Floats) -> None:
    out[...] = _values_of(load(blocks, "qs"), 16)
    out.reshape(-1, GROUPS, 32)[...] *= scales(blocks)[:, :, None]


IQ4_XS = Format(
    name="IQ4_XS",
    ggml_type=23,
    block=256,
    layout=np.dtype([("d", "<f2"), ("scales_h", "<u2"), ("scales_l", "u1", 4), ("qs", "u1", 128)]),
    scales=("d",),
    largest=113 * 32 * 65504.0,
    worst_error=1 / 4,  # hill climbing found 0.21; more cannot be excluded
    decoder=_decode,
)
