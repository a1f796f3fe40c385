"""Q2_K: 256 weights in 16 groups of 2-bit codes; value = (d * scale) * q - (dmin * min).

Each group has a scale and a min of four bits, in units of the half-precision d and dmin.
Source: ggml-quants.c, quantize_q2_K and dequantize_row_q2_K.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bit_fields import fold, unfold
from llmq_kernels.arrays.bits import Blocks, Bytes, join_fours, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.affine_values import AffineValues
from llmq_kernels.ggml.affine import Steps
from llmq_kernels.ggml.affine_superblocks import Superblocks
from llmq_kernels.search.affine import AffineSuperblocks

GROUPS = 16  # of 16 weights each


def store(
    out: Blocks,
    d: NDArray[np.float16],
    dmin: NDArray[np.float16],
    scales: Bytes,
    mins: Bytes,
    codes: Bytes,
) -> None:
    """Fill n blocks: d, dmin (n,); codes of scales and mins (16, n), and of weights (16, 16, n)."""
    out["d"], out["dmin"] = d, dmin
    store_fours(out, "scales", join_fours(_join(scales, mins)))
    # Two groups make a run of 32, and four runs share bytes.
    runs = codes.reshape(16, 8, 2, -1).transpose(2, 0, 1, 3)
    store_fours(out, "qs", fold(runs.reshape(32, 2, 4, -1), 2))


def _unpack(blocks: Blocks) -> tuple[Bytes, Floats, Floats]:
    """The codes (n, 256); the scales and the lowest values of the groups, (n, 16)."""
    d, dmin = (blocks[field].astype(np.float32)[:, None] for field in ("d", "dmin"))
    scales, mins = _split(load(blocks, "scales"))
    return unfold(load(blocks, "qs"), 2, 32), d * scales, -dmin * mins


def _join(scales: Bytes, mins: Bytes) -> Bytes:
    return scales | mins << np.uint8(4)


def _split(both: Bytes) -> tuple[Bytes, Bytes]:
    return both & np.uint8(15), both >> np.uint8(4)


def _as_stored(scales: Bytes, mins: Bytes) -> tuple[Bytes, Bytes]:
    return _split(_join(scales, mins))


def _magnitude(x: Floats, out: Floats) -> None:
    np.abs(x, out=out)


Q2_K = Format(
    name="Q2_K",
    ggml_type=10,
    block=256,
    layout=np.dtype([("scales", "u1", 16), ("qs", "u1", 64), ("d", "<f2"), ("dmin", "<f2")]),
    scales=("d", "dmin"),
    largest=2 * 15 * 65504.0,  # the search may give it that code; downwards 15 * 65504
    worst_error=1.0,  # of a weight of 0, which does not count in the search
    ggml=Superblocks(
        groups=GROUPS,
        k=16,
        top=3,
        limit=15,
        steps=Steps(-0.5, 0.1, 16),
        absolute=True,
        weigh=_magnitude,
        mean_squares=1,
        as_stored=_as_stored,
        store=store,
    ),
    decoder=AffineValues(16, _unpack),
    search=AffineSuperblocks(groups=GROUPS, k=16, top=3, limit=15, store=store),
)
