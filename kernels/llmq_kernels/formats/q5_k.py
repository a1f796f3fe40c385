"""Q5_K: 256 weights in 8 groups of 5-bit codes; value = (d * scale) * q - (dmin * min).

Each group has a scale and a min of six bits, in units of the half-precision d and dmin.
Source: ggml-quants.c, quantize_q5_K and dequantize_row_q5_K.
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
    store_fours(out, "qh", fold((codes // np.uint8(16))[:, None], 1))
    store_fours(out, "qs", fold((codes & np.uint8(15)).reshape(32, 4, 2, -1), 4))


def _unpack(blocks: Blocks) -> tuple[Bytes, Floats, Floats]:
    """The codes (n, 256); the scales and the lowest values of the groups, (n, 8)."""
    codes = unfold(load(blocks, "qh"), 1, 32)
    codes *= np.uint8(16)
    codes += unfold(load(blocks, "qs"), 4, 32)
    return codes, *six_bits.scales_and_lowest(blocks)


def _at_most_63(scales: Bytes, mins: Bytes) -> tuple[Bytes, Bytes]:
    return np.minimum(scales, np.uint8(63)), np.minimum(mins, np.uint8(63))


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
    ggml=Superblocks(
        groups=GROUPS,
        k=32,
        top=31,
        limit=63,
        steps=Steps(-0.5, 0.1, 16),
        absolute=False,
        weigh=mean_and_magnitude,
        mean_squares=2,
        as_stored=_at_most_63,
        store=store,
    ),
    decoder=AffineValues(32, _unpack),
    search=AffineSuperblocks(groups=8, k=32, top=31, limit=63, store=store),
)
