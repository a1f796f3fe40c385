"""Our search for blocks of scale * code + offset."""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, in_quads
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import Groups, OffsetParts, StoreOffsets
from llmq_kernels.search.candidates import LineCandidates
from llmq_kernels.search.joint_rounding import JointRounding
from llmq_kernels.search.line_fit import LARGEST, Allowed, LineFit


@dataclass(frozen=True)
class AffineBlocks:
    """Makes kernels for blocks of 32 weights with their scale and offset in half precision."""

    max_code: int
    candidates: LineCandidates
    store: StoreOffsets

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        allowed = Allowed(1, 32, self.max_code, LARGEST, above_zero=True)
        fit = LineFit(n, allowed, self.candidates, importance)

        def encode(rows: Floats, out: Blocks) -> None:
            lines = fit(rows)
            d, offset = to_f16(lines.scale), to_f16(lines.offset)  # (1, n)
            codes = fit.codes(d.astype(np.float32), offset.astype(np.float32))
            self.store(out, OffsetParts(d[0], offset[0], in_quads(codes)))

        return encode


@dataclass(frozen=True)
class AffineSuperblocks:
    """Makes kernels for superblocks whose groups have a scale and a min, both small integers."""

    groups: Groups
    candidates: LineCandidates
    store: StoreOffsets

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        groups, k = self.groups.groups, self.groups.k
        largest = LARGEST * np.float32(self.groups.max_scale)
        allowed = Allowed(groups, k, self.groups.max_code, largest, above_zero=False)
        fit = LineFit(n, allowed, self.candidates, importance)
        rounding = JointRounding(groups, n, self.groups.max_scale)

        def encode(rows: Floats, out: Blocks) -> None:
            (d, dmin), pairs = rounding(fit(rows))
            scales, mins = pairs.transpose(1, 0, 2)
            codes = fit.codes(d.astype(np.float32) * scales, -dmin.astype(np.float32) * mins)
            self.store(out, OffsetParts(d, dmin, in_quads(codes), scales, mins))

        return encode
