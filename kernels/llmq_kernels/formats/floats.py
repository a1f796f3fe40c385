"""F32, F16 and BF16: plain numbers, blocks of one weight. The number itself can overflow."""

import numpy as np

from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import from_bf16, from_f16, to_bf16, to_f16
from llmq_kernels.format import Format


def store_f32(rows: Floats, out: Blocks) -> None:
    """Store weights (n, 1)."""
    out["value"] = rows[:, 0]


def store_f16(rows: Floats, out: Blocks) -> None:
    """Store weights (n, 1)."""
    out["value"] = to_f16(rows[:, 0])


def store_bf16(rows: Floats, out: Blocks) -> None:
    """Store weights (n, 1)."""
    out["value"] = to_bf16(rows[:, 0])


def _decode_f32(blocks: Blocks, out: Floats) -> None:
    out[:, 0] = blocks["value"]


def _decode_f16(blocks: Blocks, out: Floats) -> None:
    from_f16(blocks["value"], out[:, 0])


def _decode_bf16(blocks: Blocks, out: Floats) -> None:
    from_bf16(blocks["value"], out[:, 0])


F32 = Format(
    name="F32",
    ggml_type=0,
    block=1,
    layout=np.dtype([("value", "<f4")]),
    scales=("value",),
    largest=float(np.finfo(np.float32).max),
    worst_error=0.0,
    decoder=_decode_f32,
)

F16 = Format(
    name="F16",
    ggml_type=1,
    block=1,
    layout=np.dtype([("value", "<f2")]),
    scales=("value",),
    largest=65504.0,
    worst_error=2**-11,
    decoder=_decode_f16,
)

BF16 = Format(
    name="BF16",
    ggml_type=30,
    block=1,
    layout=np.dtype([("value", "<u2")]),  # the upper half of a float32; NumPy has no such type
    scales=("value",),
    largest=2.0**128 - 2.0**120,
    worst_error=2**-8,
    decoder=_decode_bf16,
)
