"""NVFP4: 64 weights as 4-bit numbers in 4 groups; value = d * VALUES[code].

Each group of 16 has a byte as its scale: UE4M3, without sign, four bits of exponent (bias 7), three
of significand. d is half of it because the numbers are doubled (VALUES in mxfp4.py). The largest
scale is 448: groups of larger weights saturate, and groups of weights below 0.00586 become zeros.
Source: ggml-quants.c, dequantize_row_nvfp4; ggml-impl.h, ggml_ue4m3_to_fp32.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, NibbleTable, fold, load, store_fours
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Format
from llmq_kernels.formats.mxfp4 import VALUES
from llmq_kernels.formats.parts import ScaleParts

GROUPS = 4  # of 16 weights each
LARGEST = 0x7E  # 448; one more would be NaN

_values_of = NibbleTable(VALUES)


def _scales() -> Floats:
    """Half of what each byte stands for; the highest bit counts for nothing, and NaN is 0."""
    exponents, significands = np.divmod(np.arange(256) & 0x7F, 8)
    normal = np.ldexp(1 + significands / 8, exponents - 7)
    subnormal = np.ldexp(significands / 8, -6)
    scales = np.where(exponents > 0, normal, subnormal) / 2
    scales[0x7F] = 0
    return scales.astype(np.float32)


SCALES = _scales()
"""d by the byte of a scale."""


def store(out: Blocks, parts: ScaleParts) -> None:
    """Store parts whose blocks are groups: their scale bytes (n * 4,) and codes (4, n * 16)."""
    out["d"] = parts.d.reshape(-1, GROUPS)
    fours = fold(parts.codes, 4, 8).reshape(2, -1, GROUPS)
    store_fours(out, "qs", fours.transpose(2, 0, 1).reshape(2 * GROUPS, -1))


def _decode(blocks: Blocks, out: Floats) -> None:
    n = len(blocks)
    out[...] = _values_of(load(blocks, "qs"), 8)
    out.reshape(n, GROUPS, 16)[...] *= np.take(SCALES, load(blocks, "d"))[:, :, None]


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
    decoder=_decode,
)
