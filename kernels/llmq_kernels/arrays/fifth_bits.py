"""The fifth bits of 32 codes in one integer, as Q5_0 and Q5_1 store them: bit j belongs to code j."""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes

FIFTH = np.uint32(0x10101010)  # of four codes
GATHER = np.uint32(1 << 24 | 1 << 17 | 1 << 10 | 1 << 3)
"""Multiplying by it moves bits 8 j and 8 j + 4 of an integer to bits 24 + j and 28 + j."""


def join_fifth_bits(codes: Bytes) -> NDArray[np.uint32]:
    """Collect the bits (n,) of codes in quads (8, n * 4)."""
    fifth = codes.view("<u4") & FIFTH  # (8, n)
    eights = fifth[0::2] >> 4
    eights |= fifth[1::2]
    eights *= GATHER
    eights >>= 24
    eights <<= np.arange(0, 32, 8, dtype=np.uint32)[:, None]
    bits: NDArray[np.uint32] = np.bitwise_or.reduce(eights, axis=0)
    return bits


def split_fifth_bits(bits: NDArray[np.uint32]) -> Bytes:
    """Restore what each code (n, 32) gains by its fifth bit: 16 or 0."""
    ones = np.unpackbits(bits.astype("<u4").view(np.uint8), bitorder="little")
    ones *= 16
    return ones.reshape(-1, 32)
