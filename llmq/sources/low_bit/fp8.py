"""FP8: a byte for a weight, on one scale for all, one for each row, or one for each block.

Who writes it calls the scale `weight_scale_inv` (DeepSeek, Qwen, Mistral), `weight_scale`
(compressed-tensors, ModelOpt, FBGEMM) or `qscale_weight` (Mistral's own files); all multiply.
Blocks are those of `weight_block_size`, the last ones cut off where the matrix ends. Source:
`Fp8Dequantize` in transformers' integrations/finegrained_fp8.py, which computes in float32.
"""

from dataclasses import dataclass

import numpy as np

from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.decoded_weights import DecodedWeights
from llmq.sources.low_bit.parts import Parts, row_span, whole
from llmq.weights import Rows, Weights

CODES = ".weight"
SCALES = (".weight_scale_inv", ".weight_scale", ".qscale_weight")
USUAL_BLOCK = 128


def e4m3() -> Rows:
    """What each byte stands for: a sign, four bits of exponent (bias 7), three of significand."""
    exponents, significands = np.divmod(np.arange(128), 8)
    normal = np.ldexp(1 + significands / 8, exponents - 7)
    values = np.where(exponents > 0, normal, np.ldexp(significands / 8, -6))
    values[127] = np.nan
    return np.concatenate([values, -values]).astype(np.float32)


def e5m2() -> Rows:
    """What each byte stands for: the upper half of a half-precision number."""
    return (np.arange(256, dtype="<u2") << 8).view("<f2").astype(np.float32)


VALUES = {"F8_E4M3": e4m3(), "F8_E5M2": e5m2()}
E8M0 = np.append(np.ldexp(np.float32(1), np.arange(255) - 127), np.float32(np.nan))
"""The powers of two that bytes stand for as scales."""


@dataclass(frozen=True)
class Scaled:
    """Bytes on scales, of which each is for a block of `block` rows and columns."""

    codes: TensorRef
    scale: TensorRef | None
    block: tuple[int, int]

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32."""
        values = np.take(VALUES[self.codes.dtype], row_span(self.codes, start, stop))
        if self.scale is not None:
            values *= self._scales(start, stop)
        return values

    def _scales(self, start: int, stop: int) -> Rows:
        """Those of rows, one for each column or one for all columns."""
        assert self.scale is not None, "asked for where there is one"
        grid, (height, width) = scale_values(self.scale), self.block
        *_, n_rows, n_in = self.codes.shape
        grid = grid.reshape(-1, *grid.shape[-2:]) if grid.ndim > 1 else grid.reshape(1, -1, 1)
        matrix, row = np.divmod(np.arange(start, stop), n_rows)
        found = grid[
            np.minimum(matrix, len(grid) - 1), np.minimum(row // height, grid.shape[1] - 1)
        ]
        return np.repeat(found, width, axis=1)[:, :n_in]


def scale_values(part: TensorRef) -> Rows:
    """Scales as float32; bytes are powers of two."""
    found = whole(part)
    return np.take(E8M0, found) if part.dtype in ("U8", "F8_E8M0") else found


def fp8(parts: Parts) -> Weights:
    """The matrix of bytes."""
    codes = parts[CODES]
    scale = next((part for ending in SCALES if (part := parts.get(ending))), None)
    block = (1, 1) if scale is None else _block(parts, codes.shape, scale.shape)
    return DecodedWeights(
        parts.name, "F32", codes.shape, parts.file, Scaled(codes, scale, (block[0], block[1]))
    )


def _block(parts: Parts, shape: tuple[int, ...], scale: tuple[int, ...]) -> tuple[int, int]:
    """The rows and columns for which there is one scale."""
    n_rows, n_in = shape[-2:]
    if int(np.prod(scale)) == 1:
        return n_rows, n_in
    down, across = (scale[0], 1) if len(scale) == 1 else scale[-2:]
    even = (max(n_rows // max(down, 1), 1), max(n_in // max(across, 1), 1))
    for height, width in (_asked(parts), even):
        fits = (-(-n_rows // height), -(-n_in // width)) == (down, across)
        if fits and (len(scale) < 3 or scale[:-2] == shape[:-2]):
            return height, width
    raise parts.error(
        f"has the shape {list(shape)} and scales {list(scale)}, which do not fit each other; set"
        " weight_block_size in config.json's quantization_config"
    )


def _asked(parts: Parts) -> tuple[int, int]:
    """The block that config.json names, or the usual one."""
    found = parts.settings.get("weight_block_size")
    if isinstance(found, list) and len(found) == 2 and all(type(n) is int and n > 0 for n in found):
        return found[0], found[1]
    return USUAL_BLOCK, USUAL_BLOCK
