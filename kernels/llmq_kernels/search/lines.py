"""Lines scale * code + lowest: which ones a format's groups may have, and what a fit finds."""

from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.columns import Floats

LARGEST = np.float32(65504)
"""The largest number in half precision."""


@dataclass(frozen=True)
class Groups:
    """How a format's blocks are divided, and which lines its groups of weights may have."""

    groups: int
    k: int
    top: int
    """The largest code of a weight."""
    largest: np.float32
    """The largest scale, and magnitude of a lowest value, that can be stored."""
    above_zero: bool
    """Whether the lowest value may be above zero."""


@dataclass(frozen=True)
class Lines:
    """A line for each group of n blocks, and sums over its weights: all (groups, n)."""

    scale: Floats
    lowest: Floats
    total: Floats
    """Sum of weight."""
    codes: Floats
    """Sum of weight * code."""
    squares: Floats
    """Sum of weight * code^2."""
