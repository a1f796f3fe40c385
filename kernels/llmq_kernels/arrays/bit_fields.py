"""Codes of fewer than eight bits that share bytes.

A run of bytes holds several runs of codes of the same length: the first in the lowest bits of each
byte, the next above them, and so on.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes, join_fours

ITEM = np.dtype(np.complex128)
"""Sixteen bytes, which NumPy copies as fast as one."""


def fold(codes: Bytes, bits: int) -> NDArray[np.uint32]:
    """Pack codes (run, runs, 8 / bits, n) below 2^bits into rows of four bytes each, (., n)."""
    packed = codes[:, :, 0].copy()
    for place in range(1, 8 // bits):
        packed |= codes[:, :, place] * np.uint8(1 << bits * place)
    return join_fours(packed).transpose(1, 0, 2).reshape(-1, codes.shape[-1])


def unfold(packed: Bytes, bits: int, run: int) -> Bytes:
    """Restore codes (n, k * 8 / bits) from (n, k) bytes in runs of `run`, a multiple of 16."""
    n, k = packed.shape
    words = packed.view(np.uint64)
    mask = np.uint64(0x0101010101010101 * (2**bits - 1))
    codes = np.empty((n, k // run, 8 // bits, run // ITEM.itemsize), ITEM)
    for place in range(8 // bits):
        some = words >> np.uint64(bits * place)
        some &= mask
        codes[:, :, place] = some.view(ITEM).reshape(n, k // run, -1)
    return codes.view(np.uint8).reshape(n, -1)
