"""Rounding and choosing, as the plain search does it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Round = Callable[[Array], Array]
Term = tuple[Array, Array]
"""Halves (n,), and the integers that they are multiplied by, one for each weight."""

LARGEST_HALF = 65504.0


def half(values: Array) -> Array:
    """Round to half precision."""
    rounded: Array = values.astype(np.float16).astype(values.dtype)
    return rounded


def inverse(values: Array) -> Array:
    """1 / value, or 0 where that is 0."""
    return np.where(values == 0, 0, 1 / values)


def farthest(values: Array) -> Array:
    """The value farthest from zero, along the first axis."""
    high, low = values.max(axis=0), values.min(axis=0)
    ends: Array = np.where(-low > high, low, high)
    return ends


def significant(values: Array, bits: int, rounding: Round) -> Array:
    """Round to so many significant bits."""
    mantissa, exponent = np.frexp(values)
    rounded: Array = np.ldexp(rounding(np.ldexp(mantissa, bits)), exponent - bits)
    return rounded


def first_of_best(candidates: Sequence[Any], scores: Sequence[Array]) -> Array:
    """The candidate of the highest score, for each column (...): (rows, ...) or (...).

    Scores are compared in 20 significant bits; of several that are alike the first is taken.
    """
    compared = np.stack([np.where(np.isnan(score), -np.inf, score) for score in scores])
    stacked = np.stack([np.asarray(candidate) for candidate in candidates])
    best = significant(compared, 20, np.trunc).argmax(axis=0)
    missing = tuple(range(stacked.ndim - best.ndim))
    chosen: Array = np.take_along_axis(stacked, np.expand_dims(best, missing), axis=0)[0]
    return chosen
