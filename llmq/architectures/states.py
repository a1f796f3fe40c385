"""What layers that keep a state share: convolutions over a few tokens, and how fast they forget."""

import numpy as np

from llmq.architectures.table import Sizes
from llmq.views import Picked
from llmq.weights import Rows, Weights


def as_matrix(weights: Weights, sizes: Sizes) -> Weights:  # noqa: ARG001  # the signature of a view
    """Kernels, shape (channels, 1, length), as a matrix."""
    channels, _, length = weights.shape
    return Picked(weights, ((0, channels),), (channels, length))


def minus_exp(rows: Rows) -> Rows:
    """What is stored as a logarithm, negative; in float64, to be the same everywhere.

    >>> minus_exp(np.zeros(1, np.float32))
    array([-1.], dtype=float32)
    """
    return (-np.exp(rows.astype(np.float64))).astype(np.float32)
