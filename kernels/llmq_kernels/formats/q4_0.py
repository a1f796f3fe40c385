"""Q4_0: 32 weights as 4-bit codes on one half-precision scale; value = d * (q - 8).

Source: ggml-quants.c, dequantize_row_q4_0.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, fold, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts, load_halves


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store d and codes 0 .. 15."""
    out["d"] = parts.d
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes 0 .. 15 beside scales that stay."""
    store_fours(out, "qs", fold(codes, 4, 16))


def scales(blocks: Blocks) -> Floats:
    """The scale of each of n blocks, (n, 1)."""
    return load_halves(blocks, "d")[0]


def _decode(blocks: Blocks, out: Floats) -> None:
    packed = load(blocks, "qs")
    codes = np.concatenate([packed & 15, packed >> 4], axis=1).view(np.int8)
    codes -= 8
    out[...] = codes
    out *= scales(blocks)


Q4_0 = Format(
    name="Q4_0",
    ggml_type=2,
    block=32,
    layout=np.dtype([("d", "<f2"), ("qs", "u1", 16)]),
    scales=("d",),
    largest=8 * 65504.0,
    worst_error=1 / 8 + 2**-11,  # a step, for the mirror image of the largest element; d is rounded
    decoder=_decode,
)
