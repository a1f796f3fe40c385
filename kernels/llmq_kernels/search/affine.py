"""Our own search for blocks of scale * code + lowest: less squared error than ggml's, and faster."""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, in_quads
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import Groups, OffsetParts, StoreOffsets
from llmq_kernels.search.joint_rounding import JointRounding
from llmq_kernels.search.line_fit import LARGEST, LineFit, LineKind
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
    """Makes kernels for blocks of 32 weights with their scale and lowest value in half precision."""

    top: int
    store: StoreOffsets

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        tries = TRIES if importance is None else WEIGHTED_BLOCK_TRIES
        kind = LineKind(1, 32, self.top, LARGEST, above_zero=True)
        fit = LineFit(n, kind, tries[self.top], importance)

        def encode(rows: Floats, out: Blocks) -> None:
            lines = fit(rows)
            d, lowest = to_f16(lines.scale), to_f16(lines.lowest)
            codes = fit.codes(d.astype(np.float32), lowest.astype(np.float32))
            self.store(out, OffsetParts(d[0], lowest[0], in_quads(codes)))

        return encode


@dataclass(frozen=True)
class AffineSuperblocks:
    """Makes kernels for superblocks of groups whose scales and lowest values are small integers."""

    groups: Groups
    store: StoreOffsets

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        groups, k, max_code = self.groups.groups, self.groups.k, self.groups.max_code
        largest = LARGEST * np.float32(self.groups.max_scale)
        kind = LineKind(groups, k, max_code, largest, above_zero=False)
        tries = TRIES if importance is None else WEIGHTED_TRIES
        fit = LineFit(n, kind, tries[max_code], importance)
        rounding = JointRounding(groups, n, self.groups.max_scale)

        def encode(rows: Floats, out: Blocks) -> None:
            (d, dmin), pairs = rounding(fit(rows))
            scales, mins = pairs.transpose(1, 0, 2)
            codes = fit.codes(d.astype(np.float32) * scales, -dmin.astype(np.float32) * mins)
            self.store(out, OffsetParts(d, dmin, in_quads(codes), scales, mins))

        return encode
