"""Blocks as columns: the memory order that makes NumPy kernels fast and their sums exact.

A tensor holds its blocks one after the other, and reducing over the few elements of each is the
slowest thing NumPy does. Kernels therefore transpose a piece of a tensor: element i of
every block lies in row i, thousands of blocks wide. Each step is then a handful of long vector
operations, and adding row after row is exactly ggml's order of summation.

Transposing moves 16-byte items, four weights at a time, because NumPy copies those as fast as
single floats. Where the order of four does not matter a kernel stops there: *quads* hold four
elements of a block side by side.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.float32]

PIECE = 131072
"""Weights that a kernel works on at a time.

Few enough for its buffers to stay in the caches, and enough for NumPy's cost of a call not to
matter. No byte of the result depends on it.
"""

SLAB = 65536
"""Weights that a search works on at a time: several buffers of floats then stay in 2 MiB."""

CACHE_LINE = 64
"""Bytes."""


def cut(n: int, width: int) -> Iterator[slice]:
    """Cut n blocks into runs of `width`, and the rest."""
    for start in range(0, n, width):
        yield slice(start, min(start + width, n))


def buffer(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Make an uninitialised array that starts with a cache line.

    NumPy's own large arrays start 16 bytes behind one, so that every load of 64 bytes touches two
    lines: a multiplication then takes twice the time.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


class Quads:
    """Transposes (n, k) weights to (k / 4, n * 4): column 4 b + j of row i is block b's 4 i + j."""

    def __init__(self, n: int, k: int) -> None:
        self._fours = buffer((k // 4, n), np.complex128)
        self.floats: Floats = self._fours.view(np.float32)
        self._reduced = buffer((n * 4,))

    def __call__(self, rows: Floats) -> Floats:
        """Transpose contiguous rows; the result is the same buffer every time."""
        np.copyto(self._fours, rows.view(np.complex128).T)
        return self.floats

    def reduce(self, ufunc: np.ufunc, quads: Floats) -> Floats:
        """Reduce quads to one value for each block, (n,), by a ufunc whose order is free."""
        fours = ufunc.reduce(quads, axis=0, out=self._reduced).reshape(-1, 4)
        first, second, third, fourth = fours.T
        reduced: Floats = ufunc(ufunc(first, second), ufunc(third, fourth))
        return reduced


class Columns:
    """Transposes (n, groups * k) weights to (k, groups, n): row i holds element i of every group.

    `quads` are the same weights as Quads transposes them, until the next are transposed.
    """

    def __init__(self, n: int, groups: int, k: int) -> None:
        self._quads = Quads(n, groups * k)
        self.quads = self._quads.floats
        self._shape = (groups, k // 4, n, 4)
        self._columns = buffer((k // 4, 4, groups, n))

    def __call__(self, rows: Floats) -> Floats:
        """Transpose contiguous rows; the result is the same buffer every time."""
        by_fours = self._quads(rows).reshape(self._shape)
        np.copyto(self._columns, by_fours.transpose(1, 3, 0, 2))
        return self._columns.reshape(-1, *self._columns.shape[2:])


def spread(values: Floats) -> Floats:
    """Repeat each block's value for the four columns that it has in quads: (n,) -> (n * 4,)."""
    fours = np.empty((len(values), 4), np.float32)
    for place in range(4):
        fours[:, place] = values
    return fours.reshape(-1)
