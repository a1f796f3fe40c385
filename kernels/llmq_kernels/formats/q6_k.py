"""Q6_K: 256 weights in 16 groups of 6-bit codes; value = (d * scale) * (q - 32).

Each group has a signed byte as its scale, in units of the half-precision d.
Source: ggml-quants.c, quantize_row_q6_K_ref, quantize_row_q6_K_impl and dequantize_row_q6_K.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bit_fields import unfold
from llmq_kernels.arrays.bits import Blocks, Bytes, join_fours, load, store_fours
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Columns, Floats
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.rounding import NEGLIGIBLE, SymmetricSearch, first_largest, nearest
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.ggml.error_weights import in_columns
from llmq_kernels.ggml.symmetric_superblocks import GROUPS, StoredScales
from llmq_kernels.search.roundings import Steps
from llmq_kernels.search.scale import ScaleSuperblocks


class _Encoder:
    def __init__(self, n: int, importance: Floats | None) -> None:
        self._columns = Columns(n, GROUPS, 16)
        self._search = SymmetricSearch(16, GROUPS * n, 32)
        self._codes = StoredScales(n, 32)
        self._weights = buffer((16, GROUPS * n))  # of the squared errors
        self._plain = importance is None
        if importance is not None:
            self._weights[...] = in_columns(importance, n, GROUPS, 16).reshape(16, -1)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._columns(rows).reshape(16, -1)  # (16, GROUPS * n)
        if self._plain:
            np.multiply(x, x, out=self._weights)
        found, inverses = self._search(x, self._weights)
        d, scales, negligible = _in_units(found.reshape(GROUPS, -1))
        steps = d.astype(np.float32) * scales.astype(np.float32)
        codes = self._codes(
            self._columns,
            x,
            steps.reshape(-1),
            inverses,
            lambda some: self._search.codes(x[:, some], inverses[some]),
        )
        store(out, d, scales.view(np.uint8), codes)
        out[negligible] = 0


def _in_units(
    scales: Floats,
) -> tuple[NDArray[np.float16], NDArray[np.int8], NDArray[np.bool_]]:
    """Find d (n,), the scales (GROUPS, n) in its units, and which blocks are negligible."""
    largest = first_largest(scales)
    inverse = np.float32(-128) / largest
    units = np.minimum(nearest(inverse * scales), 127).astype(np.int8)
    return to_f16(np.float32(1) / inverse), units, np.abs(largest) < NEGLIGIBLE


def store(out: Blocks, d: NDArray[np.float16], scales: Bytes, codes: Bytes) -> None:
    """Store d (n,), the bytes of scales (GROUPS, n) and codes 0 .. 63 in quads (64, n * 4), which are used up."""
    out["d"] = d
    store_fours(out, "scales", join_fours(scales))
    quarters = codes.reshape(2, 4, 8, -1)  # of both halves: eight quads each
    high = quarters // 16
    for quarter in (1, 2, 3):
        high[:, quarter] *= 4**quarter
        high[:, 0] |= high[:, quarter]
    store_fours(out, "qh", high[:, 0].reshape(16, -1).view("<u4"))
    quarters &= 15
    quarters[:, 2:] *= 16
    low = quarters[:, :2] | quarters[:, 2:]
    store_fours(out, "ql", low.reshape(32, -1).view("<u4"))


def _decode(blocks: Blocks, out: Floats) -> None:
    codes = unfold(load(blocks, "ql"), 4, 64)
    codes |= unfold(load(blocks, "qh"), 2, 32) * np.uint8(16)
    signed = codes.view(np.int8)
    signed -= 32
    out[...] = signed
    steps = blocks["d"].astype(np.float32)[:, None] * load(blocks, "scales")
    out *= np.repeat(steps, 16).reshape(out.shape)


Q6_K = Format(
    name="Q6_K",
    ggml_type=14,
    block=256,
    layout=np.dtype([("ql", "u1", 128), ("qh", "u1", 64), ("scales", "i1", 16), ("d", "<f2")]),
    scales=("d",),
    largest=32 * 128 * 65504.0,
    worst_error=1 / 16,  # two steps of 32, where the search chose to clip
    ggml=_Encoder,
    decoder=Unbuffered(_decode),
    search=ScaleSuperblocks(
        rounding=Steps(32),
        tries=(-32.0, -31.0, -30.0),
        weighted_tries=(-32.0, -31.0, -30.0, -28.5),
        groups=GROUPS,
        k=16,
        limit=128,
        tops=1,
        bias=0,
        store=store,
    ),
)
