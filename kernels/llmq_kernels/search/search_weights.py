"""Importance as our own searches take it: the weight of a squared error, as it is."""

from math import frexp

import numpy as np

from llmq_kernels.arrays.columns import Columns, Floats

FLOOR = np.float32(2**-40)
"""A weight of no importance counts this much, so that no group's sums vanish."""


def search_weights(importance: Floats, n: int, groups: int, k: int) -> Floats:
    """Repeat a row's importance for n blocks, in columns (k, groups * n).

    It is multiplied by the power of two that takes the largest to between 1/2 and 1, which is
    exact.
    """
    _, exponent = frexp(importance.max())
    relative = np.maximum(np.ldexp(importance, -exponent), FLOOR)
    rows = np.tile(relative, (n // len(relative), 1))
    return Columns(n, groups, k)(rows).reshape(k, -1)
