"""The codebook of IQ4_NL and IQ4_XS: sixteen signed bytes, closer together near zero.

value = scale * VALUES[code]. Source: ggml-quants.c, best_index_int8.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.columns import Floats, buffer

VALUES = np.array(
    (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113), np.int8
)

MIDDLES = VALUES[1:].astype(np.int16) + VALUES[:-1]
"""The middles between two neighbours, doubled to be whole. They belong to the upper neighbour.

So the floor of a doubled number decides which value is nearest to it.
"""
FAR = 300
"""A doubled number that lies farther out has the same nearest value as this one."""
CODES = np.searchsorted(MIDDLES, np.arange(-FAR, FAR), side="right").astype(np.uint8)
NEAREST = VALUES[CODES]


def nearest_values(doubled: Floats) -> NDArray[np.int8]:
    """The value nearest to half of each of these numbers."""
    places = np.floor(doubled).astype(np.intp)
    places += FAR
    return np.take(NEAREST, places, mode="clip")


class CodeFinder:
    """Finds the codes of x * inverse for n columns x (k, n)."""

    def __init__(self, k: int, n: int) -> None:
        self._doubled, self._floors = buffer((k, n)), buffer((k, n), np.int16)
        self._places, self._codes = buffer((k, n), np.intp), buffer((k, n), np.uint8)

    def __call__(self, x: Floats, inverse: Floats) -> Bytes:
        """Codes (k, n), in the same buffer every time; that of a NaN is the highest."""
        twice = 2 * inverse
        doubled = np.multiply(x, twice, out=self._doubled)
        odd = np.flatnonzero(~np.isfinite(twice))
        if len(odd):
            single = x[:, odd] * inverse[odd]
            doubled[:, odd] = 2 * np.where(np.isnan(single), np.float32(np.inf), single)
        np.clip(doubled, -FAR, FAR - 1, out=doubled)
        np.floor(doubled, out=doubled)
        np.copyto(self._floors, doubled, casting="unsafe")  # in two steps faster than in one
        self._floors += FAR
        np.copyto(self._places, self._floors)
        np.take(CODES, self._places, out=self._codes, mode="wrap")  # nothing wraps; "raise" is slow
        return self._codes
