"""IQ4_NL: 32 weights as 4-bit codes on one half-precision scale; value = d * VALUES[code].

codebook.py has the sixteen values.
Source: ggml-quants.c, dequantize_row_iq4_nl.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, NibbleTable, fold, load, store_fours
from llmq_kernels.arrays.codebook import VALUES
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts, load_halves

_values_of = NibbleTable(VALUES)


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
    out[...] = _values_of(load(blocks, "qs"), 16)
    out *= scales(blocks)


IQ4_NL = Format(
    name="IQ4_NL",
    ggml_type=20,
    block=32,
    layout=np.dtype([("d", "<f2"), ("qs", "u1", 16)]),
    scales=("d",),
    largest=113 * 65504.0,
    worst_error=1 / 4,  # hill climbing found 0.19; more cannot be excluded
    decoder=_decode,
)
