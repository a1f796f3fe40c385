"""IQ4_NL: 32 weights as 4-bit codes on one half-precision scale; value = d * VALUES[code].

The scale is searched; codebook.py has the sixteen values.
Source: ggml-quants.c, quantize_iq4_nl and dequantize_row_iq4_nl.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, in_quads, load, store_fours
from llmq_kernels.arrays.codebook import TRIES, VALUES, WEIGHTED_TRIES, CodeFinder
from llmq_kernels.arrays.columns import Columns, Floats
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.nibble_table import NibbleTable
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.ggml.codebook_search import CodebookSearch
from llmq_kernels.ggml.error_weights import Importance, sums_of_squares
from llmq_kernels.search.roundings import Codebook
from llmq_kernels.search.scale import ScaleBlocks

_values_of = NibbleTable(VALUES)


class _Encoder:
    def __init__(self, n: int, importance: Floats | None) -> None:
        self._columns = Columns(n, 1, 32)
        self._importance = None if importance is None else Importance(importance, n, 1, 32)
        self._search = CodebookSearch(32, n)
        self._find_codes = CodeFinder(32, n)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._columns(rows)
        weights = None
        if self._importance is not None:
            sigma2 = sums_of_squares(x) * np.float32(2 / 32)
            weights = self._importance(x, sigma2).reshape(32, -1)
        x = x.reshape(32, -1)
        d = self._search(x, weights)
        codes = self._find_codes(x, reciprocal(d))
        store(out, d, in_quads(codes.reshape(32, 1, -1)))


def store(out: Blocks, d: Floats, codes: Bytes) -> None:
    """Store scales (n,) and codes 0 .. 15 in quads (8, n * 4)."""
    out["d"] = to_f16(d)
    packed = codes[4:] * np.uint8(16)
    packed |= codes[:4]
    store_fours(out, "qs", packed.view("<u4"))


def _decode(blocks: Blocks, out: Floats) -> None:
    out[...] = _values_of(load(blocks, "qs"), 16)
    out *= blocks["d"].astype(np.float32)[:, None]


IQ4_NL = Format(
    name="IQ4_NL",
    ggml_type=20,
    block=32,
    layout=np.dtype([("d", "<f2"), ("qs", "u1", 16)]),
    scales=("d",),
    largest=113 * 65504.0,
    worst_error=1 / 4,  # hill climbing found 0.19; more cannot be excluded
    ggml=_Encoder,
    decoder=Unbuffered(_decode),
    search=ScaleBlocks(
        rounding=Codebook(), tries=TRIES, weighted_tries=WEIGHTED_TRIES, store=store
    ),
)
