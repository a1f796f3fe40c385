"""E2M1, the numbers of four bits in MXFP4 and NVFP4: 0, 0.5, 1, 1.5, 2, 3, 4, 6, and a sign.

ggml keeps them doubled and halves the scale d instead; so do we: value = d * VALUES[code].
Source: ggml-quants.c, best_index_mxfp4.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Floats, spread

VALUES = np.array((0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12), np.int8)

FAR = 120
"""Times d: the largest magnitude that Rounder can round without `take_nearest`."""


class Rounder:
    """Finds the codes of n blocks of k weights in quads.

    What lies in the middle between two numbers belongs to the smaller one. A middle is a multiple
    of d / 2, which divides exactly enough for the quotient to lie on its side of the middle.
    """

    def __init__(self, n: int, k: int) -> None:
        shape = (k // 4, n * 4)
        self.codes, self._halves, self._eight = buffer((3, *shape), np.uint8)
        self._eight.fill(8)
        self._above, self._negative = buffer((2, *shape), np.bool_)

    def __call__(self, x: Floats, magnitudes: Floats, d: Floats) -> None:
        """Set `codes` to those of quads x with their blocks' d (n,); magnitudes, |x|, are lost."""
        magnitudes /= spread(d / np.float32(2))
        np.ceil(magnitudes, out=magnitudes)
        np.copyto(self._halves, magnitudes, casting="unsafe")
        np.minimum(self._halves, self._eight, out=self.codes)
        self.codes //= 2  # 0, 1, 2, 3, 4 from more than 0, 1, 3, 5, 7 halves
        for limit in (10, 14, 20):
            self.codes += np.greater(self._halves, limit, out=self._above).view(np.uint8)
        self._add_signs(x)

    def _add_signs(self, x: Floats) -> None:
        negative = np.less(x, 0, out=self._negative)
        negative &= np.greater(self.codes, 0, out=self._above)
        signs = negative.view(np.uint8)
        signs *= 8
        self.codes += signs

    def take_nearest(self, blocks: NDArray[np.intp], weights: Floats, d: Floats) -> None:
        """Set the codes of some blocks of weights (blocks, k) to the first of the nearest.

        So does ggml with all. It matters where a block's scale is so far off that the differences
        of its weights from several numbers are rounded to the same, or to infinity.
        """
        candidates = VALUES.astype(np.float32)[:, None, None] * d[:, None]
        nearest: Bytes = np.abs(candidates - weights).argmin(axis=0).astype(np.uint8)
        rows = self.codes.reshape(len(self.codes), -1, 4)
        rows[:, blocks] = nearest.reshape(len(blocks), -1, 4).transpose(1, 0, 2)
