"""A search among scales that other runtimes can hold as well: positive, and exact in bfloat16.

Runtimes that keep 4-bit weights as codes with a bfloat16 or float32 scale (compressed-tensors, MLX,
ONNX) can take such blocks unchanged; ggml's own scales are of either sign and need all the bits of
half precision. With the scale's sign fixed, the side on which a block reaches farther decides:

1.  unit = max(lowest / low, highest / high): the least scale at which nothing is clipped.
2.  Of each candidate f, the weights are rounded in steps of f * unit, the scale that fits the codes
    best by least squares is rounded to one that both can hold, and the weights are rounded again.
3.  The candidate whose blocks stand for the weights with the least error is kept.
"""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, in_quads
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import from_bf16, to_bf16, to_f16
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import ScaleParts, StoreScales

# Of 0.6 ... 1.3, on a model's matrices: to try all of it would leave 1 % less error.
Q4_0 = (0.86, 0.93, 1.0, 1.1)
Q8_0 = (0.996, 1.0, 1.004)  # the neighbours that bfloat16 has

LEAST = np.float32(2.0**-24)  # the least half, of which all smaller halves than 2^-14 are multiples


@dataclass(frozen=True)
class PositiveBlocks:
    """Makes kernels for blocks of 32 weights on a positive scale, exact in F16 and in BF16."""

    low: int
    high: int
    """The least and the greatest code."""
    bias: int
    """What is added to the codes in the file."""
    factors: tuple[float, ...]
    store: StoreScales

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        weights = None
        if importance is not None:  # (blocks of a row, 32)
            weights = np.tile(importance.T, (1, n // len(importance)))  # (32, n)

        def encode(rows: Floats, out: Blocks) -> None:
            x = np.ascontiguousarray(rows.T)  # (32, n)
            scale, codes = self._best(x, weights)
            bytes_ = (codes + np.float32(self.bias)).astype(np.int8).view(np.uint8)
            self.store(out, ScaleParts(to_f16(scale), in_quads(bytes_[:, None])))

        return encode

    def _best(self, x: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
        """The scales (n,) and codes (32, n) of the best candidates."""
        unit = np.maximum(x.min(axis=0) / self.low, x.max(axis=0) / self.high)
        unit[unit == 0] = 1  # any scale will do for zeros
        best: tuple[Floats, Floats, Floats] | None = None
        for factor in self.factors:
            scale = exact(unit * np.float32(factor))
            codes = self._codes(x, scale)
            fitted = _fitted(x, codes, weights)
            scale = np.where(fitted > 0, exact(fitted), scale)
            codes = self._codes(x, scale)
            error = _error(x, codes * scale, weights)
            if best is None:
                best = scale, codes, error
            else:
                better = error < best[2]
                for kept, found in zip(best, (scale, codes, error), strict=True):
                    np.copyto(kept, found, where=better)
        assert best is not None, "there are factors"
        return best[0], best[1]

    def _codes(self, x: Floats, scale: Floats) -> Floats:
        codes: Floats = np.rint(x / scale)
        return np.clip(codes, self.low, self.high, out=codes)


def exact(scale: Floats) -> Floats:
    """Near scales that are positive and exact in half precision and in bfloat16.

    A multiple of 2^-24 stays one when it is rounded to the eight bits of bfloat16.
    """
    multiples = np.maximum(np.rint(scale / LEAST), np.float32(1))
    rounded: Floats = np.empty_like(multiples)
    from_bf16(to_bf16(multiples * LEAST), rounded)
    return rounded


def _fitted(x: Floats, codes: Floats, weights: Floats | None) -> Floats:
    """The scales that fit the codes best; NaN where all codes are zero."""
    weighted = codes if weights is None else codes * weights
    fitted: Floats = (weighted * x).sum(axis=0) / (weighted * codes).sum(axis=0)
    return fitted


def _error(x: Floats, found: Floats, weights: Floats | None) -> Floats:
    """The sums of the squared errors of blocks."""
    difference = x - found
    difference *= difference
    if weights is not None:
        difference *= weights
    total: Floats = difference.sum(axis=0)
    return total
