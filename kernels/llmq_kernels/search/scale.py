"""Our search for blocks of scale * value."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, in_quads
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import Halves, to_f16
from llmq_kernels.arrays.rounding import reciprocal
from llmq_kernels.arrays.select import row_of_least
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import ScaleParts, StoreScales
from llmq_kernels.search.candidates import ScaleCandidates
from llmq_kernels.search.grids import Grid
from llmq_kernels.search.scale_fit import ScaleFit, Task, farthest


@dataclass(frozen=True)
class ScaleBlocks:
    """Makes kernels for blocks of 32 weights on a scale in half precision."""

    grid: Grid
    candidates: ScaleCandidates
    store: StoreScales

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n blocks."""
        fit = ScaleFit(n, Task(1, 32, self.grid, self.candidates), importance)

        def encode(rows: Floats, out: Blocks) -> None:
            d = to_f16(fit(rows))  # (1, n)
            codes = fit.codes(d.astype(np.float32))
            self.store(out, ScaleParts(d[0], in_quads(codes)))

        return encode


@dataclass(frozen=True)
class ScaleSuperblocks:
    """Makes kernels for superblocks whose groups' scales are integers from -limit to limit - 1."""

    grid: Grid
    candidates: ScaleCandidates
    store: StoreScales
    groups: int
    k: int
    """Weights in a group."""
    limit: int
    units: int
    """How many units are candidates: those in which the farthest scale is -limit, 1 - limit ..."""
    bias: int
    """What is added to the integers in the file."""

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        task = Task(self.groups, self.k, self.grid, self.candidates)
        fit = ScaleFit(n, task, importance)
        ends = np.arange(self.units, dtype=np.float32) - np.float32(self.limit)

        def encode(rows: Floats, out: Blocks) -> None:
            d, scales = _in_units(fit(rows), fit.curvatures, ends)
            codes = fit.codes(d.astype(np.float32) * scales)
            biased = scales.astype(np.int8).view(np.uint8) + np.uint8(self.bias)
            self.store(out, ScaleParts(d, in_quads(codes), biased))

        return encode


def _in_units(
    scale: Floats, curvatures: Callable[[], Floats], ends: Floats
) -> tuple[Halves, Floats]:
    """Find the unit d (n,) of scales s (groups, n), and the scales as whole multiples of it.

    Candidates are d = farthest / end; the one is taken in which the error grows least:

        sum over groups of S_vv (d round(s / d) - s)^2
    """
    largest, bottom = farthest(scale, np.empty_like(scale[0])), ends[0]
    if len(ends) > 1:
        halves, whole = _whole(scale[:, None], largest / ends[:, None], bottom)
        whole *= halves.astype(np.float32)
        whole -= scale[:, None]
        whole *= whole
        whole *= curvatures()[:, None]
        errors = np.add.reduce(whole, axis=0)
        if not errors.max(initial=0) < np.inf:
            errors[~(errors < np.inf)] = np.inf  # d that overflows: NaN would count as least
        ends = np.take(ends, row_of_least(errors))
    return _whole(scale, largest / ends, bottom)


def _whole(scale: Floats, unit: Floats, bottom: np.float32) -> tuple[Halves, Floats]:
    """Round units to half precision, and scales to whole multiples of them."""
    halves = to_f16(unit)
    whole = scale * reciprocal(halves.astype(np.float32))
    np.rint(whole, out=whole)
    np.clip(whole, bottom, -1 - bottom, out=whole)
    return halves, whole
