"""Values of 4-bit codes that are looked up in a table of sixteen signed bytes."""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes

ITEMS = {8: np.dtype(np.float64), 16: np.dtype(np.complex128)}
"""What NumPy copies as fast as a single byte, by length."""


class NibbleTable:
    """Looks up both codes of each byte without taking it apart."""

    def __init__(self, values: NDArray[np.int8]) -> None:
        high, low = np.divmod(np.arange(256), 16)
        self._tables = values[low].tobytes(), values[high].tobytes()

    def __call__(self, packed: Bytes, run: int) -> NDArray[np.int8]:
        """Values (n, 2 k) of bytes (n, k): of a run's low codes, then of its high ones, and so on.

        A run is 8 or 16 bytes, and k a multiple of it.
        """
        n, k = packed.shape
        values = np.empty((n * k // run, 2), ITEMS[run])
        for half, table in enumerate(self._tables):
            found = packed.tobytes().translate(table)  # four times as fast as np.take
            values[:, half] = np.frombuffer(found, ITEMS[run])
        return values.view(np.int8).reshape(n, 2 * k)
