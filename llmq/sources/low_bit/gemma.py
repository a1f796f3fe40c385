"""Gemma's own integers, as its QAT releases for phones have them: 2, 4 or 8 bits on row scales.

Codes lie in bytes, the lowest bits first, without sign; how many bits a matrix has is said in
config.json alone, by patterns of module names. transformers multiplies in the type of the
activations, BF16, to which it rounds the scales first; so these are halves, and 4-bit matrices lie
on the grid of Q4_0. What it also does, rounding activations, llama.cpp does not. Source:
`QuantizedLinear` and `QuantizedEmbedding` in transformers' integrations/gemma_quant.py.
"""

import re
from dataclasses import dataclass
from math import prod

import numpy as np

from llmq.files.safetensors import TensorRef
from llmq.sources.low_bit.blocks import CODES_IN_BLOCK, CodedWeights, Q4Blocks, exact_in_f16
from llmq.sources.low_bit.compressed_tensors import as_rows
from llmq.sources.low_bit.decoded_weights import ROUNDED, DecodedWeights
from llmq.sources.low_bit.integers import Grouped, Integers, unpacked
from llmq.sources.low_bit.parts import Parts, row_span, whole
from llmq.weights import Weights

CODES, SCALE = ".weight", ".weight_scale"
EMBEDDED, EMBEDDED_SCALE = ".embedding_quantized", ".embedding_scale"
METHOD, USUAL_BITS = "gemma", 4
COMPUTED_IN = "BF16"
LONGEST_PATTERN = 300


@dataclass(frozen=True)
class ByteRows:
    """Codes in bytes, row by row, and scales that are rounded before they are used."""

    bits: int
    codes: TensorRef
    scale: TensorRef

    def grouped(self, start: int, stop: int) -> Grouped:
        """Rows `start` to `stop`."""
        stored = row_span(self.codes, start, stop)
        scales = np.ascontiguousarray(as_rows(whole(self.scale), start, stop), np.float32)
        rounded = ROUNDED[COMPUTED_IN](scales)
        if self.bits == 8:
            return Grouped(stored.view(np.int8).astype(np.int16), rounded, 0)
        codes = unpacked(stored, self.bits).astype(np.int16)
        return Grouped(codes, rounded, 1 << (self.bits - 1))

    def group_of(self, n_in: int, groups: int) -> None:  # they follow one another
        """Groups follow one another."""


def linear(parts: Parts) -> Weights:
    """The matrix of a layer."""
    return _matrix(parts, parts[CODES], parts[SCALE])


def embedding(parts: Parts) -> Weights:
    """The table of embeddings."""
    return _matrix(parts, parts[EMBEDDED], parts[EMBEDDED_SCALE])


def _matrix(parts: Parts, codes: TensorRef, scale: TensorRef) -> Weights:
    bits = 8 if codes.dtype == "I8" else _bits(parts, codes.name.rpartition(".")[0])
    shape = (codes.shape[0], codes.shape[-1] * 8 // bits)
    groups = prod(scale.shape) // shape[0] if shape[0] else 0
    if len(codes.shape) != 2 or not groups or shape[1] % groups:
        raise parts.error(
            f"has codes {list(codes.shape)} and scales {list(scale.shape)}, which do not fit each"
            " other; fetch the checkpoint again"
        )
    layout = ByteRows(bits, codes, scale)
    blocks = bits == 4 and shape[1] % (groups * CODES_IN_BLOCK) == 0
    if blocks and exact_in_f16(ROUNDED[COMPUTED_IN](whole(scale))):
        return CodedWeights(parts.name, "Q4_0", shape, parts.file, Q4Blocks(parts.name, layout))
    return DecodedWeights(parts.name, COMPUTED_IN, shape, parts.file, Integers(layout))


def _bits(parts: Parts, module: str) -> int:
    """How many bits the codes of this module have: the first pattern that is found in its name."""
    found = parts.settings.get("num_bits", USUAL_BITS)
    modules = parts.settings.get("module_quant_configs")
    for pattern, settings in modules.items() if isinstance(modules, dict) else ():
        try:
            matches = len(pattern) <= LONGEST_PATTERN and re.search(pattern, module)
        except (re.error, OverflowError):
            matches = None
        if matches:
            found = settings.get("num_bits", found) if isinstance(settings, dict) else found
            break
    if found not in (2, 4, 8):
        raise parts.error(f"has {found!r:.20} bits by config.json, and only 2, 4 and 8 are known")
    return int(found)
