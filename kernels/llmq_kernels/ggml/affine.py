"""Fitting scale * code + lowest to columns of weights, as ggml's searches do.

A first rounding spreads the codes evenly over a column's range. Each of a number of tries then
rounds a little more coarsely or finely, fits a line to the codes by weighted least squares, and
replaces the line before if its error is smaller. `lowest` is never above zero.

Source: ggml-quants.c, make_qkx2_quants and make_qkx3_quants.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.rounding import nearest

EXACT = 4194303.0
"""The largest magnitude that `nearest` rounds as any rounding does."""


@dataclass(frozen=True)
class Steps:
    """What the tries add to the number of steps in a column's range: `count`, from `first` on."""

    first: float
    width: float
    count: int

    def __iter__(self) -> Iterator[np.float32]:
        for number in range(self.count):
            yield np.float32(self.first) + np.float32(self.width) * np.float32(number)


WITH_IMPORTANCE = Steps(-0.9, 0.05, 37)
"""The tries of every format that is given an importance matrix."""


class Fits(NamedTuple):
    """Lines for n columns, and the roundings that they were fitted to: all (n,)."""

    inverse: Floats
    origin: Floats
    error: Floats
    lowest: Floats
    scale: Floats


def first_lowest(x: Floats) -> Floats:
    """The first of the lowest elements of each column of (k, n): of zeros, its sign counts."""
    lowest: Floats = np.minimum.reduce(x, axis=0)
    zeros = np.flatnonzero(lowest == 0)
    if len(zeros):
        first = (x[:, zeros] == 0).argmax(axis=0)
        lowest[zeros] = x[first, zeros]
    return lowest


def codes_of(x: Floats, fits: Fits, top: int) -> Bytes:
    """The codes 0 .. top of columns x (k, n) that the lines were fitted to."""
    codes = x - fits.origin
    codes *= fits.inverse
    return to_codes(codes, top)


def to_codes(scaled: Floats, top: int) -> Bytes:
    """Round to 0 .. top as `nearest` does; the scaled weights are lost."""
    if scaled.min() >= -EXACT and scaled.max() <= EXACT:
        np.rint(scaled, out=scaled)
    else:  # something large, or NaN
        scaled[...] = nearest(scaled)
    np.clip(scaled, 0, top, out=scaled)
    return scaled.astype(np.uint8)
