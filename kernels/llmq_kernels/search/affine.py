"""Our own search for blocks of scale * code + lowest: less squared error than ggml's, and faster."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, in_quads
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.format import Encode
from llmq_kernels.search.joint_rounding import Halves, JointRounding
from llmq_kernels.search.line_fit import LineFit
from llmq_kernels.search.lines import LARGEST, Groups
from llmq_kernels.search.slabs import Tries

# By the largest code. They come from a greedy search, over weights of many distributions, for the
# sets of tries of which the best leaves the least error.
TRIES: dict[int, Tries] = {
    3: ((2.95, 0.45), (3.4, -0.45), (3.4, 0.0), (3.55, -0.3)),
    15: ((14.25, 0.0), (14.75, 0.45), (15.25, -0.45), (15.25, -0.15), (15.25, 0.0)),
    31: ((30.0, 0.0), (30.75, 0.45), (31.0, 0.0), (31.25, -0.45)),
}

WEIGHTED_TRIES: dict[int, Tries] = {
    3: ((2.8, -0.45), (2.95, 0.45), (3.4, -0.45), (3.55, -0.15)),
    15: ((12.75, 0.15), (13.25, 0.45), (15.0, 0.3), (15.25, -0.45), (15.25, -0.15)),
    31: ((29.75, 0.15), (30.25, 0.3), (31.0, 0.3), (31.5, -0.45)),
}

# Single blocks have no step from one group's scale to the next, which hides small differences.
WEIGHTED_BLOCK_TRIES: dict[int, Tries] = {
    15: (
        *((12.4, 0.0), (12.9, 0.15), (13.9, -0.15), (14.15, 0.0)),
        *((15.15, 0.3), (15.15, -0.45), (15.4, -0.15), (15.4, -0.3)),
    ),
    31: (
        *((27.0, 0.15), (28.0, 0.0), (29.0, 0.0), (30.0, 0.0)),
        *((30.75, 0.15), (31.0, 0.45), (31.25, -0.45), (31.5, -0.15)),
    ),
}


@dataclass(frozen=True)
class AffineBlocks:
    """Makes kernels for blocks of k weights with their scale and lowest value in half precision.

    `store` takes blocks, both halves (n,) and codes in quads.
    """

    k: int
    top: int
    store: Callable[[Blocks, Halves, Halves, Bytes], None]

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        tries = TRIES if importance is None else WEIGHTED_BLOCK_TRIES
        kind = Groups(1, self.k, self.top, LARGEST, above_zero=True)
        fit = LineFit(n, kind, tries[self.top], importance)

        def encode(rows: Floats, out: Blocks) -> None:
            lines = fit(rows)
            d, lowest = to_f16(lines.scale), to_f16(lines.lowest)
            codes = fit.codes(d.astype(np.float32), lowest.astype(np.float32))
            self.store(out, d[0], lowest[0], in_quads(codes))

        return encode


@dataclass(frozen=True)
class AffineSuperblocks:
    """Makes kernels for superblocks of groups whose scales and lowest values are small integers.

    `limit` is the largest code of a scale, and of a lowest value. `store` takes blocks, d and dmin
    (n,), the codes of scales and of lowest values (groups, n) and the codes of weights
    (k, groups, n).
    """

    groups: int
    k: int
    top: int
    limit: int
    store: Callable[[Blocks, Halves, Halves, Bytes, Bytes, Bytes], None]

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        kind = Groups(
            self.groups, self.k, self.top, LARGEST * np.float32(self.limit), above_zero=False
        )
        tries = TRIES if importance is None else WEIGHTED_TRIES
        fit = LineFit(n, kind, tries[self.top], importance)
        rounding = JointRounding(self.groups, n, self.limit)

        def encode(rows: Floats, out: Blocks) -> None:
            (d, dmin), pairs = rounding(fit(rows))
            scales, mins = pairs.transpose(1, 0, 2)
            codes = fit.codes(d.astype(np.float32) * scales, -dmin.astype(np.float32) * mins)
            self.store(out, d, dmin, scales, mins, codes)

        return encode
