"""Q5_1: 32 weights as 5-bit codes on one half-precision scale and offset; value = d * q + m.

Source: ggml-quants.c, quantize_q5_1 and dequantize_row_q5_1.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bit_fields import unfold
from llmq_kernels.arrays.bits import Blocks, Bytes, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.fifth_bits import join_fifth_bits, split_fifth_bits
from llmq_kernels.format import Format
from llmq_kernels.formats.affine_values import AffineValues
from llmq_kernels.ggml.affine_blocks import Affine
from llmq_kernels.search.affine import AffineBlocks


def store(out: Blocks, d: NDArray[np.float16], m: NDArray[np.float16], codes: Bytes) -> None:
    """Fill n blocks: d and m (n,), and codes 0 .. 31 in quads (8, n * 4), which are used up."""
    out["d"], out["m"] = d, m
    out["qh"] = join_fifth_bits(codes)
    codes &= np.uint8(15)
    low, high = codes[:4], codes[4:]
    high *= np.uint8(16)
    low += high
    store_fours(out, "qs", low.view("<u4"))


def _unpack(blocks: Blocks) -> tuple[Bytes, Floats, Floats]:
    """The codes (n, 32), d and m (n, 1)."""
    codes = split_fifth_bits(blocks["qh"])
    codes += unfold(load(blocks, "qs"), 4, 16)
    d, m = (blocks[field].astype(np.float32)[:, None] for field in ("d", "m"))
    return codes, d, m


Q5_1 = Format(
    name="Q5_1",
    ggml_type=7,
    block=32,
    layout=np.dtype([("d", "<f2"), ("m", "<f2"), ("qh", "<u4"), ("qs", "u1", 16)]),
    scales=("d", "m"),
    largest=65504.0,
    worst_error=1 / 31 + 3 * 2**-11,  # half a step; d and m are rounded
    ggml=Affine(31, store),
    decoder=AffineValues(32, _unpack),
    search=AffineBlocks(k=32, top=31, store=store),
)
