"""Where the arrays lie that kernels work in."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

CACHE_LINE = 64


def buffer(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Make an uninitialised array that starts with a cache line.

    NumPy's own large arrays start 16 bytes behind one, so that every load of 64 bytes touches two
    lines: a multiplication then takes twice the time.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)
