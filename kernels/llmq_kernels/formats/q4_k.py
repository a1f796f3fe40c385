"""Q4_K: 256 weights in 8 groups of 4-bit codes; value = (d * scale) * q - (dmin * min).

Each group has a scale and a min of six bits, in units of the half-precision d and dmin.
Source: ggml-quants.c, quantize_q4_K and dequantize_row_q4_K.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bit_fields import fold, unfold
from llmq_kernels.arrays.bits import Blocks, Bytes, join_fours, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats import six_bits
from llmq_kernels.formats.affine_values import AffineValues
from llmq_kernels.ggml.affine import Steps
from llmq_kernels.ggml.affine_superblocks import Superblocks, mean_and_magnitude
from llmq_kernels.search.affine import AffineSuperblocks

GROUPS = 8  # of 32 weights each


def store(
    out: Blocks,
    d: NDArray[np.float16],
    dmin: NDArray[np.float16],
    scales: Bytes,
    mins: Bytes,
    codes: Bytes,
) -> None:
    """Fill n blocks: d, dmin (n,); codes of scales and mins (8, n), and of weights (32, 8, n)."""
    out["d"], out["dmin"] = d, dmin
    store_fours(out, "scales", join_fours(six_bits.pack(scales, mins)))
    store_fours(out, "qs", fold(codes.reshape(32, 4, 2, -1), 4))


def _unpack(blocks: Blocks) -> tuple[Bytes, Floats, Floats]:
    """The codes (n, 256); the scales and the lowest values of the groups, (n, 8)."""
    return unfold(load(blocks, "qs"), 4, 32), *six_bits.scales_and_lowest(blocks)


Q4_K = Format(
    name="Q4_K",
    ggml_type=12,
    block=256,
    layout=np.dtype([("d", "<f2"), ("dmin", "<f2"), ("scales", "u1", 12), ("qs", "u1", 128)]),
    scales=("d", "dmin"),
    largest=14 * 63 * 65504.0,  # the search may give it that code; downwards 63 * 65504
    worst_error=1 / 5,  # a step and a half of 2 / 15, where the search chose to clip
    ggml=Superblocks(
        groups=GROUPS,
        k=32,
        top=15,
        limit=63,
        steps=Steps(-1, 0.1, 21),
        absolute=False,
        weigh=mean_and_magnitude,
        mean_squares=2,
        as_stored=six_bits.as_stored,
        store=store,
    ),
    decoder=AffineValues(32, _unpack),
    search=AffineSuperblocks(groups=8, k=32, top=15, limit=63, store=store),
)
