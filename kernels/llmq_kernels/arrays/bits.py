"""Codes and the bytes of a block: moving them, sharing bytes, fifth bits, tables of nibbles.

Codes of one byte are moved four at a time, as the 32-bit integer they form in memory.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Blocks = NDArray[np.void]
Bytes = NDArray[np.uint8]


def join_fours(codes: NDArray[Any]) -> NDArray[np.uint32]:
    """Make one row of integers of each four rows of codes (k, n) below 256, the first lowest."""
    pairs = codes[1::2].astype("<u2")
    pairs <<= 8
    pairs |= codes[0::2]
    fours = pairs[1::2].astype("<u4")
    fours <<= 16
    fours |= pairs[0::2]
    return fours


def in_quads(codes: Bytes) -> Bytes:
    """Make quads (groups * k / 4, n * 4) of codes in columns (k, groups, n): see columns.py."""
    fours = join_fours(codes).transpose(1, 0, 2)
    return np.ascontiguousarray(fours).reshape(-1, codes.shape[2]).view(np.uint8)


def store_fours(blocks: Blocks, field: str, fours: NDArray[Any]) -> None:
    """Write integers (k / 4, n), four bytes each, into a field of k bytes of n blocks."""
    target = blocks[field].view(fours.dtype)  # (n, k / 4)
    if len(fours) > 4:
        np.copyto(target, fours.T)
    else:  # NumPy would copy a few integers at a time
        for place, column in enumerate(fours):
            target[:, place] = column


def load(blocks: Blocks, field: str) -> NDArray[Any]:
    """Read a field of n blocks as contiguous (n, k) values.

    The field is taken as one raw item, because NumPy copies such items whole and arrays of small
    elements one by one.
    """
    assert blocks.dtype.fields is not None, "blocks are structured"
    kind, offset = blocks.dtype.fields[field][:2]
    raw = np.ascontiguousarray(blocks.getfield(f"V{kind.itemsize}", offset))
    return raw.view(kind.base).reshape(len(blocks), -1)


ITEM = np.dtype(np.complex128)
"""Sixteen bytes, which NumPy copies as fast as one."""


def fold(codes: Bytes, bits: int, run: int) -> NDArray[np.uint32]:
    """Pack codes below 2^bits in quads (k / 4, n * 4) into integers (k * bits / 32, n).

    Several runs of `run` codes share bytes: the first in the lowest bits of each, the next above
    them, and so on.
    """
    fours, shift = codes.view("<u4"), np.uint32(bits)  # (k / 4, n)
    runs = fours.reshape(-1, 8 // bits, run // 4, fours.shape[1])
    packed = runs[:, -1] << shift
    for place in range(8 // bits - 2, 0, -1):
        packed |= runs[:, place]
        packed <<= shift
    packed |= runs[:, 0]
    return packed.reshape(-1, fours.shape[1])


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
