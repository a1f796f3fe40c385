"""Q3_K: 256 weights in 16 groups of 3-bit codes; value = (d * (scale - 32)) * (q - 4).

Each group has a scale of six bits, in units of the half-precision d.
Source: ggml-quants.c, dequantize_row_q3_K.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, fold, join_fours, load, store_fours, unfold
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts

PAIRS = 4 ** np.arange(4, dtype=np.uint8)
"""What moves two bits to each place in a byte."""


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store d, scales (16, n) 0 .. 63 and codes 0 .. 7."""
    out["d"] = parts.d
    store_fours(out, "scales", join_fours(_pack(parts.scales)))
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 7 beside scales that stay."""
    store_fours(out, "hmask", fold(codes // np.uint8(4), 1, 32))
    store_fours(out, "qs", fold(codes & np.uint8(3), 2, 32))


def _pack(scales: Bytes) -> Bytes:
    """Pack six bits each (16, n) into bytes (12, n).

    The lower four bits of scales 0-7 and 8-15 share bytes 0-7; the upper two of scale i lie in
    byte 8 + i % 4, those of the first four lowest.
    """
    packed = np.empty((12, scales.shape[1]), np.uint8)
    packed[:8] = scales[:8] & 15 | scales[8:] << 4
    above = (scales >> 4).reshape(4, 4, -1) * PAIRS[:, None, None]
    packed[8:] = np.bitwise_or.reduce(above, axis=0)
    return packed


def _unpack(packed: Bytes) -> Bytes:
    """Restore the scales (n, 16) from bytes (n, 12), four at a time."""
    first, second, above = packed.view("<u4").T
    fours = np.stack([first, second, first >> 4, second >> 4], axis=1)
    fours &= 0x0F0F0F0F
    for part in range(4):
        fours[:, part] |= (above >> 2 * part & 0x03030303) << 4
    return fours.view(np.uint8)


def scales(blocks: Blocks) -> Floats:
    """The scale d * (scale - 32) of each group of n blocks, (n, 16)."""
    whole = _unpack(load(blocks, "scales")).astype(np.float32)
    steps: Floats = blocks["d"].astype(np.float32)[:, None] * (whole - 32)
    return steps


def _decode(blocks: Blocks, out: Floats) -> None:
    codes = unfold(load(blocks, "qs"), 2, 32)
    codes |= unfold(load(blocks, "hmask"), 1, 32) * np.uint8(4)
    signed = codes.view(np.int8)
    signed -= 4
    out[...] = signed
    out *= np.repeat(scales(blocks), 16).reshape(out.shape)


Q3_K = Format(
    name="Q3_K",
    ggml_type=11,
    block=256,
    layout=np.dtype([("hmask", "u1", 32), ("qs", "u1", 64), ("scales", "u1", 12), ("d", "<f2")]),
    scales=("d",),
    largest=4 * 32 * 65504.0,
    worst_error=1 / 4,
    decoder=_decode,
)
