"""MXFP4: 32 weights as 4-bit numbers on a power of two; value = d * VALUES[code].

The byte e stands for the scale 2^(e - 127), and d is half of it because the numbers are doubled.
Source: ggml-quants.c, dequantize_row_mxfp4; ggml-impl.h, ggml_e8m0_to_fp32_half.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, NibbleTable, fold, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts

VALUES = np.array((0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12), np.int8)
"""E2M1, doubled to be whole: the numbers of four bits 0, 0.5, 1, 1.5, 2, 3, 4, 6, and a sign.

ggml keeps them so and halves the scale instead; so do we.
"""

SCALES = np.ldexp(np.float32(1), np.arange(256) - 128)
"""d by the byte e."""

_values_of = NibbleTable(VALUES)


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store the bytes e and codes 0 .. 15."""
    out["e"] = parts.d
    store_fours(out, "qs", fold(parts.codes, 4, 16))


def _decode(blocks: Blocks, out: Floats) -> None:
    out[...] = _values_of(load(blocks, "qs"), 16)
    out *= np.take(SCALES, blocks["e"])[:, None]


MXFP4 = Format(
    name="MXFP4",
    ggml_type=39,
    block=32,
    layout=np.dtype([("e", "u1"), ("qs", "u1", 16)]),
    scales=(),
    saturates=True,
    largest=12 * 2.0**124,
    worst_error=1 / 4,  # just below 8 times the scale, where 6 is the largest number
    decoder=_decode,
)
