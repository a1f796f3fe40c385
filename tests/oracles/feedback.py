"""Error feedback as its definition reads, in double precision, along the choices made in blocks.

A choice between two values that are equally near is settled by rounding errors, and everything
after it looks different. So the reference makes no choices: it takes each column as the blocks have
it, and says which number stood there to be rounded.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


class Replay(NamedTuple):
    """What the algorithm had before it, (n_rows, n_cols) in the order of the rows' columns."""

    wanted: Array
    """Each column when it was rounded."""
    entered: Array
    """Each column when its block was entered."""


def replay(
    rows: Array, hessian: Array, restored: Array, columns: NDArray[np.intp], block: int
) -> Replay:
    """Round columns in this order to what was restored from blocks, and feed every error back.

    `hessian` is damped already, and in the order of the rows' columns.
    """
    inverse = np.linalg.inv(hessian.astype(np.float64)[np.ix_(columns, columns)])
    upper = np.linalg.cholesky(inverse).T
    weights = rows.astype(np.float64)[:, columns]
    wanted, entered = np.empty_like(weights), np.empty_like(weights)
    for j, column in enumerate(columns):
        if j % block == 0:
            entered[:, columns[j : j + block]] = weights[:, j : j + block]
        wanted[:, column] = weights[:, j]
        error = (weights[:, j] - restored[:, column]) / upper[j, j]
        weights[:, j:] -= error[:, None] * upper[j, j:]
    return Replay(wanted, entered)


def damped(hessian: Array, damping: float) -> Array:
    """H with a share of its mean diagonal added, and the mean where the diagonal is zero."""
    diagonal = hessian.diagonal().astype(np.float64)
    mean = diagonal.mean()
    added: Array = hessian + np.diag(damping * mean + (diagonal == 0) * mean)
    return added


def output_error(rows: Array, restored: Array, hessian: Array) -> float:
    """tr(E H E^T): the squared error of the outputs over the inputs that H was made of."""
    error = rows.astype(np.float64) - restored
    return float(((error @ hessian.astype(np.float64)) * error).sum())
