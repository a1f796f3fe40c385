"""bitsandbytes: NF4 and FP4, and int8.

Four bits: codes lie in one line, two to a byte, the first one high; a code is a place in
`quant_map`, and `absmax` scales each 64 of them. With double quantization `absmax` is bytes that
`nested_quant_map` and `nested_absmax` stand for, plus an offset. The rest is JSON in a tensor of
bytes. Source: `QuantState.from_dict` and `dequantize_4bit` in bitsandbytes/functional.py.

int8: weight = code * SCB / 127, a scale for each row (`int8_vectorwise_dequant`).
"""

import json
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.decoded_weights import DecodedWeights
from llmq.sources.low_bit.parts import Parts, row_span, span, whole
from llmq.weights import Rows, Weights

CODES, ABSMAX, MAP = ".weight", ".weight.absmax", ".weight.quant_map"
NESTED_ABSMAX, NESTED_MAP = ".weight.nested_absmax", ".weight.nested_quant_map"
STATES = (".weight.quant_state.bitsandbytes__nf4", ".weight.quant_state.bitsandbytes__fp4")
ROW_SCALE = ".SCB"
INT8_STEP = np.float32(7.874015718698502e-3)  # 1 / 127, as the library has it
LARGEST = 1e30  # as an offset of scales
N_CODES, N_BYTES = 16, 256
TYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}


@dataclass(frozen=True)
class FourBits:
    """A matrix as a line of codes."""

    codes: TensorRef
    values: TensorRef
    absmax: TensorRef
    nested: tuple[TensorRef, TensorRef, int, float] | None
    """absmax and map of the bytes that `absmax` is, how many share one, and the offset."""
    block: int
    n_in: int

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32, before they are rounded."""
        first, last = start * self.n_in, stop * self.n_in
        packed = span(self.codes, first // 2, -(-last // 2))
        codes = np.stack([packed >> 4, packed & 15], axis=1).reshape(-1)
        codes = codes[first % 2 :][: last - first]
        scales = self._scales()[np.arange(first, last) // self.block]
        values: Rows = np.take(whole(self.values), codes) * scales
        return values.reshape(-1, self.n_in)

    def _scales(self) -> Rows:
        """What each block of codes is multiplied with."""
        stored: Rows = whole(self.absmax).reshape(-1)
        if self.nested is None:
            return stored
        absmax, values, block, offset = self.nested
        each: Rows = np.take(whole(values), stored.astype(np.intp))
        each = each * np.repeat(whole(absmax).reshape(-1), block)[: each.size]
        shifted: Rows = each + np.float32(offset)
        return shifted


@dataclass(frozen=True)
class RowScaled:
    """Signed bytes and a scale for each row."""

    codes: TensorRef
    scale: TensorRef

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32."""
        codes = row_span(self.codes, start, stop).view(np.int8).astype(np.float32)
        rows: Rows = codes * whole(self.scale).reshape(-1)[start:stop, None] * INT8_STEP
        return rows


def four_bits(parts: Parts) -> Weights:
    """The matrix of NF4 or FP4 codes."""
    state = _state(parts)
    shape = tuple(state["shape"])
    nested = None
    if parts.get(NESTED_ABSMAX) is not None:
        block, offset = state.get("nested_blocksize"), state.get("nested_offset")
        if type(block) is not int or block < 1 or not isinstance(offset, int | float):
            raise parts.error("has a quant_state without the nested block; fetch it again")
        if not abs(offset) < LARGEST:
            raise parts.error(f"has a quant_state with the offset {offset!r:.20}; fetch it again")
        nested = (parts[NESTED_ABSMAX], parts[NESTED_MAP], block, float(offset))
    codes, absmax, size = parts[CODES], parts[ABSMAX], state["blocksize"]
    _check_tables(parts, prod(absmax.shape), nested)
    if prod(codes.shape) != -(-prod(shape) // 2) or prod(absmax.shape) != -(-prod(shape) // size):
        raise parts.error(
            f"has {prod(codes.shape)} bytes of codes, and its shape is {list(shape)}; fetch it again"
        )
    line = FourBits(codes, parts[MAP], absmax, nested, size, shape[-1])
    return DecodedWeights(parts.name, TYPES[state["dtype"]], shape, parts.file, line)


def _check_tables(
    parts: Parts, n_blocks: int, nested: tuple[TensorRef, TensorRef, int, float] | None
) -> None:
    """Raise `CheckpointError` where there are fewer numbers than codes could ask for."""
    enough = prod(parts[MAP].shape) == N_CODES
    if nested is not None:
        absmax, values, block, _ = nested
        enough = enough and prod(values.shape) == N_BYTES and parts[ABSMAX].dtype == "U8"
        enough = enough and prod(absmax.shape) * block >= n_blocks
    if not enough:
        raise parts.error("has tables of other sizes than its codes; fetch the checkpoint again")


def _state(parts: Parts) -> dict[str, Any]:
    """What the library keeps of the matrix in JSON, as far as it is used here."""
    part = next((part for name in STATES if (part := parts.get(name))), None)
    if part is None:
        raise parts.error(f"lacks its part {STATES[0]!r}; fetch the checkpoint again")
    try:
        state = json.loads(whole(part).tobytes())
        shape, size, kind = state["shape"], state["blocksize"], state["dtype"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise parts.error("has a quant_state that cannot be read; fetch it again") from None
    whole_numbers = [size, *shape] if isinstance(shape, list) and shape else [None]
    if not all(type(n) is int and n > 0 for n in whole_numbers) or kind not in TYPES:
        raise parts.error(f"has a quant_state of the shape {shape!r:.60} and type {kind!r:.20}")
    return dict(state)


def int8(parts: Parts) -> Weights:
    """The matrix of signed bytes."""
    codes, scale = parts[CODES], parts[ROW_SCALE]
    if len(codes.shape) != 2 or prod(scale.shape) != codes.shape[0]:
        raise parts.error(
            f"has the shape {list(codes.shape)} and {prod(scale.shape)} scales; fetch it again"
        )
    return DecodedWeights(parts.name, "F32", codes.shape, parts.file, RowScaled(codes, scale))
