"""IQ4_XS: 256 weights in 8 groups of 4-bit codes; value = (d * (scale - 32)) * VALUES[code].

Each group has a 6-bit scale, in units of the half-precision d; codebook.py has the sixteen values.
Source: ggml-quants.c, quantize_iq4_xs and dequantize_row_iq4_xs.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks, Bytes, in_quads, load, store_fours
from llmq_kernels.arrays.codebook import TRIES, VALUES, WEIGHTED_TRIES, CodeFinder
from llmq_kernels.arrays.columns import Columns, Floats
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.nibble_table import NibbleTable
from llmq_kernels.arrays.rounding import first_largest, nearest, reciprocal
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.ggml.codebook_search import CodebookSearch
from llmq_kernels.ggml.error_weights import Importance, sums_of_squares
from llmq_kernels.search.roundings import Codebook
from llmq_kernels.search.scale import ScaleSuperblocks

GROUPS = 8  # of 32 weights each
_values_of = NibbleTable(VALUES)


class _Encoder:
    def __init__(self, n: int, importance: Floats | None) -> None:
        self._columns = Columns(n, GROUPS, 32)
        self._importance = None if importance is None else Importance(importance, n, GROUPS, 32)
        self._search = CodebookSearch(32, GROUPS * n)
        self._find_codes = CodeFinder(32, GROUPS * n)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._columns(rows)
        weights = None
        if self._importance is not None:
            sigma2 = sums_of_squares(x) * np.float32(2 / 256)
            weights = self._importance(x, sigma2).reshape(32, -1)
        x = x.reshape(32, -1)
        found = self._search(x, weights).reshape(GROUPS, -1)
        d, scales = _in_units(found)
        steps = d * (scales.astype(np.float32) - 32)  # (groups, n)
        codes = self._find_codes(x, reciprocal(steps.reshape(-1)))
        store(out, to_f16(d), scales, in_quads(codes.reshape(32, GROUPS, -1)))


def _in_units(found: Floats) -> tuple[Floats, Bytes]:
    """Express the scales found (groups, n) in units of a d (n,); 32 stands for 0."""
    largest = first_largest(np.where(np.isnan(found), np.float32(0), found))
    d = -largest / np.float32(32)
    codes = np.clip(nearest(reciprocal(d) * found), -32, 31) + 32
    return d, codes.astype(np.uint8)


def store(out: Blocks, d: NDArray[np.float16], scales: Bytes, codes: Bytes) -> None:
    """Store d (n,), the groups' scales (8, n) 0 .. 63 and codes 0 .. 15 in quads (64, n * 4)."""
    out["d"] = d
    high = np.zeros(len(out), np.uint16)
    for group, scale in enumerate(scales):
        high |= (scale >> 4).astype(np.uint16) << 2 * group
    out["scales_h"] = high
    low = scales & 15
    out["scales_l"] = (low[0::2] | low[1::2] << 4).T
    halves = codes.reshape(GROUPS, 2, 4, -1)
    packed = halves[:, 1] * np.uint8(16)
    packed |= halves[:, 0]
    store_fours(out, "qs", packed.reshape(32, -1).view("<u4"))


def _decode(blocks: Blocks, out: Floats) -> None:
    n = len(blocks)
    low = load(blocks, "scales_l")
    high = blocks["scales_h"][:, None] >> np.arange(0, 16, 2, dtype=np.uint16)
    scales = np.stack([low & 15, low >> 4], axis=2).reshape(n, GROUPS) | (high & 3) << 4
    steps = blocks["d"].astype(np.float32)[:, None] * (scales.astype(np.float32) - 32)
    out[...] = _values_of(load(blocks, "qs"), 16)
    out.reshape(n, GROUPS, 32)[...] *= steps[:, :, None]


IQ4_XS = Format(
    name="IQ4_XS",
    ggml_type=23,
    block=256,
    layout=np.dtype([("d", "<f2"), ("scales_h", "<u2"), ("scales_l", "u1", 4), ("qs", "u1", 128)]),
    scales=("d",),
    largest=113 * 32 * 65504.0,
    worst_error=1 / 4,  # hill climbing found 0.21; more cannot be excluded
    ggml=_Encoder,
    decoder=Unbuffered(_decode),
    search=ScaleSuperblocks(
        rounding=Codebook(),
        tries=TRIES,
        weighted_tries=WEIGHTED_TRIES,
        groups=GROUPS,
        k=32,
        limit=32,
        tops=3,
        bias=32,
        store=store,
    ),
)
