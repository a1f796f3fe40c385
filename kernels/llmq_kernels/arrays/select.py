"""Choosing between elements of arrays, at the same cost whatever is chosen."""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.columns import Floats


def replace(where: NDArray[np.bool_], *pairs: tuple[Floats, Floats]) -> None:
    """kept[where] = new[where] for each pair (kept, new), by bit masks.

    NumPy's masked copies take a branch for each element, and mispredicted ones cost ten times this.
    """
    mask = where.view(np.int8).astype(np.int32)
    np.negative(mask, out=mask)
    for kept, new in pairs:
        bits = kept.view(np.int32)
        change = bits ^ new.view(np.int32)
        change &= mask
        bits ^= change


def zero_unless_finite(values: Floats) -> None:
    """Put zeros in the place of infinities and NaN, which are few if any."""
    finite = np.isfinite(values)
    if not finite.all():
        values[~finite] = 0


NUMBER = 15
"""The bits of a float that can hold the number of a row: so small a difference does not matter."""


def row_of_largest(values: Floats) -> NDArray[np.int32]:
    """For each column of (rows, ...) the row of the largest, of several that are alike the first.

    There are up to 16 rows of numbers that are not negative, and they are used up: their lowest
    bits are made the number of the row, so that they can be read off the maximum.
    """
    last = len(values) - 1
    numbered = _in_low_bits(values, np.arange(last, -1, -1, dtype=np.int32))
    largest: NDArray[np.int32] = np.maximum.reduce(numbered, axis=0) & NUMBER
    return last - largest


def row_of_least(values: Floats) -> NDArray[np.int32]:
    """As row_of_largest, but of the least."""
    numbered = _in_low_bits(values, np.arange(len(values), dtype=np.int32))
    least: NDArray[np.int32] = np.minimum.reduce(numbered, axis=0) & NUMBER
    return least


def _in_low_bits(values: Floats, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    bits = values.view(np.int32)
    bits &= ~NUMBER
    bits |= numbers.reshape(-1, *(1,) * (values.ndim - 1))
    return bits
