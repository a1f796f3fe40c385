"""MXFP4 and NVFP4: numbers of four bits, E2M1, on a scale for 32 or 16 columns.

MXFP4's scale is a power of two, a byte; that is GGUF's MXFP4 but for the order of the codes, so the
blocks are carried over. NVFP4's is an FP8 number, times one number for the whole matrix, which
GGUF's NVFP4 has no place for in the tensor: it is decoded. Sources: `convert_moe_packed_tensors` in
transformers' integrations/mxfp4.py; compressed_tensors/compressors/mxfp4 and nvfp4, whose global
scale divides, while ModelOpt's `weight_scale_2` multiplies.
"""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.blocks import CODES_IN_BLOCK, CodedWeights, nibbles
from llmq.sources.low_bit.decoded_weights import DecodedWeights
from llmq.sources.low_bit.fp8 import VALUES
from llmq.sources.low_bit.integers import unpacked
from llmq.sources.low_bit.parts import Parts, span, whole
from llmq.weights import Rows, Weights
from llmq_kernels import FORMATS

PACKED, SCALE, GLOBAL = ".weight_packed", ".weight_scale", ".weight_global_scale"
MODELOPT, MODELOPT_GLOBAL = ".weight", ".weight_scale_2"
FUSED_BLOCKS, FUSED_SCALES = "_blocks", "_scales"
MLX_CODES, MLX_SCALES = ".weight", ".scales"
NVFP4_GROUP = 16
E2M1 = np.array((0, 0.5, 1, 1.5, 2, 3, 4, 6), np.float32)
E2M1 = np.concatenate([E2M1, -E2M1])


@dataclass(frozen=True)
class MxBlocks:
    """Codes two to a byte, the first one low, and a byte for the scale of 32."""

    codes: TensorRef
    scales: TensorRef
    n_in: int

    def blocks(self, start: int, stop: int) -> NDArray[np.void]:
        """The blocks (stop - start, n_blocks) of rows."""
        n, per_row = stop - start, self.n_in // CODES_IN_BLOCK
        packed = span(self.codes, start * self.n_in // 2, stop * self.n_in // 2)
        blocks = np.empty((n, per_row), FORMATS["MXFP4"].layout)
        blocks["e"] = span(self.scales, start * per_row, stop * per_row).reshape(n, per_row)
        blocks["qs"] = nibbles(unpacked(packed.reshape(n, -1), 4))
        return blocks


@dataclass(frozen=True)
class NvGroups:
    """Codes two to a byte, an FP8 number for the scale of 16, and a number for the matrix."""

    codes: TensorRef
    scales: TensorRef
    common: TensorRef
    divides: bool

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32, before they are rounded."""
        width = self.codes.shape[-1]
        packed = span(self.codes, start * width, stop * width).reshape(-1, width)
        values = np.take(E2M1, unpacked(packed, 4)).reshape(len(packed), -1, NVFP4_GROUP)
        groups = values.shape[1]
        stored = span(self.scales, start * groups, stop * groups).reshape(-1, groups)
        scales = np.take(VALUES["F8_E4M3"], stored)
        common = whole(self.common).reshape(-1)[0]
        scales = scales / common if self.divides else scales * common
        rows: Rows = (values * scales[:, :, None]).reshape(len(packed), -1)
        return rows


def mxfp4(parts: Parts) -> Weights:
    """The matrix of compressed-tensors' MXFP4."""
    codes = parts[PACKED]
    return _mx(parts, codes, parts[SCALE], (*codes.shape[:-1], 2 * codes.shape[-1]))


def mxfp4_experts(parts: Parts) -> Weights:
    """The matrices of all experts, as gpt-oss has them: (experts, n_out, n_in)."""
    codes = parts[FUSED_BLOCKS]
    n_in = 2 * codes.shape[-1] * codes.shape[-2] if len(codes.shape) > 1 else 0
    return _mx(parts, codes, parts[FUSED_SCALES], (*codes.shape[:-2], n_in))


def mxfp4_of_mlx(parts: Parts) -> Weights:
    """The matrix of MLX's mode mxfp4."""
    codes = parts[MLX_CODES]
    return _mx(parts, codes, parts[MLX_SCALES], (*codes.shape[:-1], 8 * codes.shape[-1]))


def _mx(parts: Parts, codes: TensorRef, scales: TensorRef, shape: tuple[int, ...]) -> Weights:
    if scales.shape != (*shape[:-1], shape[-1] // CODES_IN_BLOCK) or shape[-1] % CODES_IN_BLOCK:
        raise parts.error(
            f"has codes {list(codes.shape)} and scales {list(scales.shape)}, which do not fit each"
            " other; fetch the checkpoint again"
        )
    coded = MxBlocks(codes, scales, shape[-1])
    return CodedWeights(parts.name, "MXFP4", shape, parts.file, coded)


def nvfp4(parts: Parts) -> Weights:
    """The matrix of compressed-tensors' NVFP4."""
    return _nv(parts, PACKED, GLOBAL, divides=True)


def nvfp4_of_modelopt(parts: Parts) -> Weights:
    """The matrix of ModelOpt's NVFP4."""
    return _nv(parts, MODELOPT, MODELOPT_GLOBAL, divides=False)


def _nv(parts: Parts, ending: str, common: str, *, divides: bool) -> Weights:
    codes, scales = parts[ending], parts[SCALE]
    shape = (*codes.shape[:-1], 2 * codes.shape[-1])
    if scales.shape != (*shape[:-1], shape[-1] // NVFP4_GROUP) or shape[-1] % NVFP4_GROUP:
        raise parts.error(
            f"has codes {list(codes.shape)} and scales {list(scales.shape)}, which do not fit each"
            " other; fetch the checkpoint again"
        )
    if prod(parts[common].shape) != 1:
        raise parts.error(f"has {prod(parts[common].shape)} global scales instead of one")
    computed = NvGroups(codes, scales, parts[common], divides)
    return DecodedWeights(parts.name, "F32", shape, parts.file, computed)
