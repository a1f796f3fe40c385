"""NVFP4: 64 weights as 4-bit numbers in 4 groups; value = d * VALUES[code].

Each group of 16 has a byte as its scale: UE4M3, without sign, four bits of exponent (bias 7), three
of significand. d is half of it because the numbers are doubled (e2m1.py). The largest scale is 448:
groups of larger weights saturate, and groups of weights below 0.00586 become zeros.
Source: ggml-quants.c, quantize_row_nvfp4_ref and dequantize_row_nvfp4; ggml-impl.h,
ggml_fp32_to_ue4m3 and ggml_ue4m3_to_fp32.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, load, store_fours
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Floats, Quads
from llmq_kernels.arrays.nibble_table import NibbleTable
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.ggml.e2m1 import FAR, VALUES, Rounder

GROUPS = 4  # of 16 weights each
_values_of = NibbleTable(VALUES)
LARGEST = 0x7E  # 448; one more would be NaN


def _halves() -> Floats:
    """Half of what each byte stands for; the highest bit counts for nothing, and NaN is 0."""
    exponents, significands = np.divmod(np.arange(256) & 0x7F, 8)
    normal = np.ldexp(1 + significands / 8, exponents - 7)
    subnormal = np.ldexp(significands / 8, -6)
    halves = np.where(exponents > 0, normal, subnormal) / 2
    halves[0x7F] = 0
    return halves.astype(np.float32)


HALVES = _halves()
"""d by the byte of a scale."""


class _Encoder:
    def __init__(self, n: int, _importance: Floats | None) -> None:
        self._quads = Quads(GROUPS * n, 16)
        self._magnitudes = buffer((4, GROUPS * n * 4))
        self._round = Rounder(GROUPS * n, 16)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        rows = rows.reshape(-1, 16)
        x = self._quads(rows)
        np.abs(x, out=self._magnitudes)
        largest = self._quads.reduce(np.maximum, self._magnitudes)  # (n * groups,)
        scales = _nearest_scale(largest / np.float32(6))
        d = np.take(HALVES, scales)
        d[scales == 0] = np.inf  # then all codes are 0
        self._round(x, self._magnitudes, d)
        far = np.flatnonzero(largest > FAR * d)
        if len(far):
            self._round.take_nearest(far, rows[far], d[far])
        store(out, scales, self._round.codes)


def _nearest_scale(values: Floats) -> Bytes:
    """The UE4M3 next to each value, half upwards; from 248 on ggml takes the largest."""
    codes = ((values.view(np.int32) + (1 << 19)) >> 20) - (127 - 7 << 3)
    codes[codes >= 15 << 3] = LARGEST
    small = np.flatnonzero(~(values >= np.float32(2**-6)))
    steps = values[small] * np.float32(512) + np.float32(0.5)
    codes[small] = np.clip(steps, 0, 7)
    return codes.astype(np.uint8)


def store(out: Blocks, scales: Bytes, codes: Bytes) -> None:
    """Fill n blocks with the scale bytes (n * 4,) of their groups and codes (4, n * 16) in quads."""
    out["d"] = scales.reshape(-1, GROUPS)
    fours = (codes[:2] + 16 * codes[2:]).view("<u4").reshape(2, -1, GROUPS)
    store_fours(out, "qs", fours.transpose(2, 0, 1).reshape(2 * GROUPS, -1))


def _decode(blocks: Blocks, out: Floats) -> None:
    n = len(blocks)
    out[...] = _values_of(load(blocks, "qs"), 8)
    out.reshape(n, GROUPS, 16)[...] *= np.take(HALVES, load(blocks, "d"))[:, :, None]


NVFP4 = Format(
    name="NVFP4",
    ggml_type=40,
    block=64,
    layout=np.dtype([("d", "u1", 4), ("qs", "u1", 32)]),
    scales=(),
    saturates=True,
    largest=6 * 448.0,
    smallest=6 * 2.0**-6,
    worst_error=1 / 5,  # at 5 times the largest scale, which serves from 3.3 times on
    ggml=_Encoder,
    decoder=Unbuffered(_decode),
)
