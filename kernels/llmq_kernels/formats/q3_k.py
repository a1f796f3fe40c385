"""Q3_K: 256 weights in 16 groups of 3-bit codes; value = (d * (scale - 32)) * (q - 4).

Each group has a scale of six bits, in units of the half-precision d.
Source: ggml-quants.c, quantize_row_q3_K_ref, quantize_row_q3_K_impl and dequantize_row_q3_K.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bit_fields import unfold
from llmq_kernels.arrays.bits import Blocks, Bytes, join_fours, load, store_fours
from llmq_kernels.arrays.columns import Columns, Floats, column_sums
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.rounding import SymmetricSearch, first_largest, nearest
from llmq_kernels.format import Encode, Format, Unbuffered
from llmq_kernels.ggml.descent import CodeDescent
from llmq_kernels.ggml.error_weights import Importance, sums_of_squares
from llmq_kernels.ggml.symmetric_superblocks import GROUPS, StoredScales
from llmq_kernels.search.roundings import Steps
from llmq_kernels.search.scale import ScaleSuperblocks

BIT = 2 ** np.arange(8, dtype=np.uint8)


def _encoder(n: int, importance: Floats | None) -> Encode:
    return _ByDescent(n) if importance is None else _BySearch(n, importance)


class _ByDescent:
    def __init__(self, n: int) -> None:
        self._columns = Columns(n, GROUPS, 16)
        self._descent = CodeDescent(GROUPS * n, 4)
        self._codes = StoredScales(n, 4)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        x = self._columns(rows).reshape(16, -1)  # (16, GROUPS * n)
        found, inverses = self._descent(x)
        d, scales = _in_units(found.reshape(GROUPS, -1))
        steps = _steps(d, scales)
        codes = self._codes(self._columns, x, steps, inverses, self._descent.codes)
        store(out, d, scales, codes)


class _BySearch:
    def __init__(self, n: int, importance: Floats) -> None:
        self._columns = Columns(n, GROUPS, 16)
        self._weigh = Importance(importance, n, GROUPS, 16)
        self._search = SymmetricSearch(16, GROUPS * n, 4)
        self._scale_search = SymmetricSearch(GROUPS, n, 32)
        self._codes = StoredScales(n, 4)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        columns = self._columns(rows)  # (16, GROUPS, n)
        x = columns.reshape(16, -1)
        sigma2 = np.float32(2) * sums_of_squares(columns) / np.float32(256)
        weights = self._weigh(columns, sigma2).reshape(16, -1)
        found, inverses = self._search(x, weights)
        d, scales = self._in_units(found.reshape(GROUPS, -1), weights)
        codes = self._codes(
            self._columns,
            x,
            _steps(d, scales),
            inverses,
            lambda some: self._search.codes(x[:, some], inverses[some]),
        )
        store(out, d, scales, codes)

    def _in_units(self, scales: Floats, weights: Floats) -> tuple[NDArray[np.float16], Bytes]:
        """Find d (n,) and the scales (GROUPS, n), 0 .. 63, in its units."""
        of_groups = np.empty(scales.size, np.float32)
        column_sums(weights, of_groups)
        d, inverse = self._scale_search(scales, of_groups.reshape(scales.shape))
        return to_f16(d), self._scale_search.codes(scales, inverse)


def _in_units(scales: Floats) -> tuple[NDArray[np.float16], Bytes]:
    """Find d (n,) and the scales (GROUPS, n), 0 .. 63, in its units; all 0 if the scales are."""
    largest = first_largest(scales)
    inverse = np.float32(-32) / largest
    units = np.clip(nearest(inverse * scales), -32, 31) + 32
    zero = np.flatnonzero(largest == 0)
    units[:, zero] = 0
    d = to_f16(np.float32(1) / inverse)
    d[zero] = 0
    return d, units.astype(np.uint8)


def _steps(d: NDArray[np.float16], scales: Bytes) -> Floats:
    steps = scales.astype(np.float32)
    steps -= 32
    steps *= d.astype(np.float32)
    return steps.reshape(-1)


def store(out: Blocks, d: NDArray[np.float16], scales: Bytes, codes: Bytes) -> None:
    """Store d (n,), scales (GROUPS, n) 0 .. 63 and codes 0 .. 7 in quads (64, n * 4)."""
    out["d"] = d
    store_fours(out, "scales", join_fours(_pack_scales(scales)))
    parts = codes.reshape(8, 8, -1)  # of 32 codes: eight quads each
    above = parts // 4
    above *= BIT[:, None, None]
    store_fours(out, "hmask", np.bitwise_or.reduce(above, axis=0).view("<u4"))
    below = (parts & 3).reshape(2, 4, 8, -1)  # quarters of both halves
    below *= (BIT[::2])[:, None, None]
    store_fours(out, "qs", np.bitwise_or.reduce(below, axis=1).reshape(16, -1).view("<u4"))


def _pack_scales(scales: Bytes) -> Bytes:
    """Pack six bits each (16, n) into bytes (12, n).

    The lower four bits of scales 0-7 and 8-15 share bytes 0-7; the upper two of scale i lie in
    byte 8 + i % 4, those of the first four lowest.
    """
    packed = np.empty((12, scales.shape[1]), np.uint8)
    packed[:8] = scales[:8] & 15 | scales[8:] << 4
    above = (scales >> 4).reshape(4, 4, -1) * BIT[::2, None, None]
    packed[8:] = np.bitwise_or.reduce(above, axis=0)
    return packed


def _unpack_scales(packed: Bytes) -> Bytes:
    """Restore the scales (n, 16) from bytes (n, 12), four at a time."""
    first, second, above = packed.view("<u4").T
    fours = np.stack([first, second, first >> 4, second >> 4], axis=1)
    fours &= 0x0F0F0F0F
    for part in range(4):
        fours[:, part] |= (above >> 2 * part & 0x03030303) << 4
    return fours.view(np.uint8)


def _decode(blocks: Blocks, out: Floats) -> None:
    codes = unfold(load(blocks, "qs"), 2, 32)
    codes |= unfold(load(blocks, "hmask"), 1, 32) * np.uint8(4)
    signed = codes.view(np.int8)
    signed -= 4
    out[...] = signed
    scales = _unpack_scales(load(blocks, "scales")).astype(np.float32)
    steps = blocks["d"].astype(np.float32)[:, None] * (scales - 32)
    out *= np.repeat(steps, 16).reshape(out.shape)


Q3_K = Format(
    name="Q3_K",
    ggml_type=11,
    block=256,
    layout=np.dtype([("hmask", "u1", 32), ("qs", "u1", 64), ("scales", "u1", 12), ("d", "<f2")]),
    scales=("d",),
    largest=4 * 32 * 65504.0,
    worst_error=1 / 4,
    ggml=_encoder,
    decoder=Unbuffered(_decode),
    search=ScaleSuperblocks(
        rounding=Steps(4),
        tries=(-4.6, -4.2, -3.8, -3.2, 3.8),
        weighted_tries=(-5.4, -4.5, -3.9, -3.1, 4.3),
        groups=GROUPS,
        k=16,
        limit=32,
        tops=12,
        bias=32,
        store=store,
    ),
)
