"""F32, F16 and BF16: plain numbers, blocks of one weight. The number itself is what can overflow."""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.arrays.float16 import from_bf16, from_f16, to_bf16, to_f16
from llmq_kernels.format import Format, Unbuffered


def _encode_f32(rows: NDArray[np.float32], out: Blocks) -> None:
    out["value"] = rows[:, 0]


def _encode_f16(rows: NDArray[np.float32], out: Blocks) -> None:
    out["value"] = to_f16(rows[:, 0])


def _encode_bf16(rows: NDArray[np.float32], out: Blocks) -> None:
    out["value"] = to_bf16(rows[:, 0])


def _decode_f32(blocks: Blocks, out: NDArray[np.float32]) -> None:
    out[:, 0] = blocks["value"]


def _decode_f16(blocks: Blocks, out: NDArray[np.float32]) -> None:
    from_f16(blocks["value"], out[:, 0])


def _decode_bf16(blocks: Blocks, out: NDArray[np.float32]) -> None:
    from_bf16(blocks["value"], out[:, 0])


F32 = Format(
    name="F32",
    ggml_type=0,
    block=1,
    layout=np.dtype([("value", "<f4")]),
    scales=("value",),
    largest=float(np.finfo(np.float32).max),
    worst_error=0.0,
    ggml=Unbuffered(_encode_f32),
    decoder=Unbuffered(_decode_f32),
)

F16 = Format(
    name="F16",
    ggml_type=1,
    block=1,
    layout=np.dtype([("value", "<f2")]),
    scales=("value",),
    largest=65504.0,
    worst_error=2**-11,
    ggml=Unbuffered(_encode_f16),
    decoder=Unbuffered(_decode_f16),
)

BF16 = Format(
    name="BF16",
    ggml_type=30,
    block=1,
    layout=np.dtype([("value", "<u2")]),  # the upper half of a float32; NumPy has no such type
    scales=("value",),
    largest=2.0**128 - 2.0**120,
    worst_error=2**-8,
    ggml=Unbuffered(_encode_bf16),
    decoder=Unbuffered(_decode_bf16),
)
