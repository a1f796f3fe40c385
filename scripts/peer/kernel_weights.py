"""What the kernels' speed is measured on, and for how long."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

COLUMNS = 2048
WEIGHTS = 1 << 22
SECONDS = 0.1
"""What a run takes at least, so that starting it does not count."""


@cache
def weights() -> NDArray[np.float32]:
    """Normally distributed, of the size that models have: (WEIGHTS / COLUMNS, COLUMNS)."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((WEIGHTS // COLUMNS, COLUMNS), np.float32) * np.float32(0.02)


@cache
def importance() -> NDArray[np.float32]:
    """Spread as mean squares of activations are: (COLUMNS,)."""
    return np.exp(np.random.default_rng(1).standard_normal(COLUMNS, np.float32))
