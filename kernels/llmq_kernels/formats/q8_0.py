"""Q8_0: 32 weights as signed bytes on one half-precision scale; value = d * q.

Source: ggml-quants.c, dequantize_row_q8_0.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.parts import ScaleParts, load_halves


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store d and the bytes of codes -127 .. 127."""
    out["d"] = parts.d
    store_codes(out, parts.codes)


def store_codes(out: Blocks, codes: Bytes) -> None:
    """Store codes -127 .. 127 beside scales that stay."""
    store_fours(out, "qs", codes.view("<u4"))


def scales(blocks: Blocks) -> Floats:
    """The scale of each of n blocks, (n, 1)."""
    return load_halves(blocks, "d")[0]


def _decode(blocks: Blocks, out: Floats) -> None:
    out[...] = load(blocks, "qs")
    out *= scales(blocks)


Q8_0 = Format(
    name="Q8_0",
    ggml_type=8,
    block=32,
    layout=np.dtype([("d", "<f2"), ("qs", "i1", 32)]),
    scales=("d",),
    largest=127 * 65504.0,
    worst_error=1 / 254 + 2**-11,  # half a step; d is rounded
    decoder=_decode,
)
