"""The factor of the inverse Hessian that error feedback goes by, and the order of its blocks.

The reference is Frantar and others, GPTQ (arXiv 2210.17323). With H = X^T X and H^-1 = U^T U, U
upper triangular, row j of U says how columns after j make good best what column j is off by.

H is factored from its end, H = M M^T with M upper triangular; then U is M^-1. That takes one
Cholesky factorization and one inverse of a triangle, all in double precision.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.columns import Floats

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

LEAST, MOST = 1e-4, 1.0
"""Dampings that are tried where the one asked for does not make H positive definite."""

TRIANGLE = 128
"""Columns of a triangle that is inverted at once."""


def block_order(importance: Floats, block: int, *, falling: bool = True) -> Indices:
    """The order in which to round blocks of so many columns: as they stand, or by importance.

    By falling mean importance, so that blocks that matter much leave their errors to many others.
    """
    means = np.asarray(importance, np.float64).reshape(-1, block).mean(axis=1)
    return np.argsort(-means, kind="stable") if falling else np.arange(len(means))


def columns_in(order: NDArray[np.integer[Any]], block: int) -> Indices:
    """The columns of blocks in this order."""
    columns: Indices = (np.asarray(order)[:, None] * block + np.arange(block)).reshape(-1)
    return columns


def inverse_factor(
    hessian: NDArray[np.floating[Any]], damping: float, columns: NDArray[np.integer[Any]]
) -> Floats:
    """U (n, n), float32, upper triangular, with (H + damping)^-1 = U^T U, columns in this order.

    `damping` is the share of H's mean diagonal that is added to its diagonal; where that is not
    enough, ten times as much, and so on. A column that no activation ever reached (its diagonal is
    zero) gets the mean diagonal. Takes three arrays of double precision as large as H. Raises
    ValueError if H is not finite, or negative beyond what damping mends.
    """
    backwards = np.asarray(columns)[::-1]
    damped = hessian[np.ix_(backwards, backwards)].astype(np.float64)
    diagonal = damped.diagonal().copy()
    mean = diagonal.mean()
    if not np.isfinite(mean):
        raise ValueError("the second moments of the activations are not finite")
    unit = mean if mean > 0 else 1.0
    diagonal[diagonal == 0] = unit
    while True:
        np.fill_diagonal(damped, diagonal + damping * unit)
        try:
            lower = np.linalg.cholesky(damped)
            break
        except np.linalg.LinAlgError:
            damping = max(10 * damping, LEAST)
            if damping > MOST:
                raise ValueError(
                    f"the second moments of the activations are not positive definite, and damping "
                    f"of {MOST:g} does not make them so"
                ) from None
    del damped
    _invert_lower(lower)
    return np.ascontiguousarray(lower[::-1, ::-1], np.float32)


def _invert_lower(lower: Doubles) -> None:
    """Invert a lower triangle in its place, by halves:

    (A 0; C D)^-1 = (A^-1 0; -D^-1 C A^-1  D^-1)
    """
    n = len(lower)
    if n <= TRIANGLE:
        lower[...] = np.tril(np.linalg.inv(lower))
        return
    half = n // 2
    first, last = lower[:half, :half], lower[half:, half:]
    _invert_lower(first)
    _invert_lower(last)
    lower[half:, :half] = -(last @ (lower[half:, :half] @ first))
