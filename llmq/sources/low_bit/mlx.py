"""MLX's affine quantization: weight = scale * code + bias, for groups of a row's columns.

Codes are one stream of bits in 32-bit words, the lowest first. How many columns share a scale is
said in config.json alone (`quantization`); the number of bits then follows from the shapes, so that
models of mixed bits need no more. Source: `mx.quantize` in MLX's documentation, and `dequantize` of
mlx/ops.cpp, which rounds product and sum to the type of the scales.
"""

from dataclasses import dataclass

import numpy as np

from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.decoded_weights import ROUNDED, DecodedWeights
from llmq.sources.low_bit.integers import unpacked
from llmq.sources.low_bit.parts import Parts, row_span
from llmq.weights import Rows, Weights

CODES, SCALES, BIASES = ".weight", ".scales", ".biases"
WORD = 32


@dataclass(frozen=True)
class Affine:
    """Codes of `bits` bits with scales and biases for each group."""

    bits: int
    group: int
    codes: TensorRef
    scales: TensorRef
    biases: TensorRef

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32, before the sum is rounded."""
        rounded = ROUNDED[self.scales.dtype]
        codes = unpacked(row_span(self.codes, start, stop), self.bits).astype(np.float32)
        by_group = codes.reshape(len(codes), -1, self.group)
        product = rounded(by_group * self.scales.read(start, stop)[:, :, None])
        return (product + self.biases.read(start, stop)[:, :, None]).reshape(len(codes), -1)


def affine(parts: Parts) -> Weights:
    """The matrix of codes with scales and biases."""
    codes, scales, biases = parts[CODES], parts[SCALES], parts[BIASES]
    group = parts.settings.get("group_size")
    if type(group) is not int or group < 1:
        raise parts.error(
            'is MLX\'s, and config.json does not say how many columns share a scale; add "quantization":'
            ' {"group_size": 64, "bits": 4} as the model was made, or convert the original'
        )
    n_in = scales.shape[-1] * group if scales.shape else 0
    bits = codes.shape[-1] * WORD // n_in if n_in else 0
    alike = scales.shape == biases.shape and scales.shape[:-1] == codes.shape[:-1]
    if not alike or not 2 <= bits <= 8 or bits * n_in != codes.shape[-1] * WORD:
        raise parts.error(
            f"has codes {list(codes.shape)} and scales {list(scales.shape)}, which groups of {group}"
            " columns do not fit; mend config.json's quantization"
        )
    if scales.dtype not in ROUNDED or biases.dtype != scales.dtype:
        raise parts.error(f"has scales of the type {scales.dtype}; convert the original")
    computed = Affine(bits, group, codes, scales, biases)
    shape = (*codes.shape[:-1], n_in)
    return DecodedWeights(parts.name, scales.dtype, shape, parts.file, computed)
