"""Restoring weights from blocks of scale * code + lowest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.format import Decode


@dataclass(frozen=True)
class AffineValues:
    """Makes kernels for blocks whose groups have k weights.

    `unpack` returns the codes (n, groups * k) of n blocks and the scale and the lowest value of
    each group, (n, groups).
    """

    k: int
    unpack: Callable[[Blocks], tuple[Bytes, Floats, Floats]]

    def __call__(self, _n: int) -> Decode:
        """Make a kernel."""

        def decode(blocks: Blocks, out: Floats) -> None:
            codes, scale, lowest = self.unpack(blocks)
            out[...] = codes
            # NumPy is slow at an operation on short runs, and fast at repeating.
            out *= np.repeat(scale, self.k).reshape(out.shape)
            out += np.repeat(lowest, self.k).reshape(out.shape)

        return decode
