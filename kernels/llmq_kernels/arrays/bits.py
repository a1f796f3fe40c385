"""Moving codes between arrays and the bytes of a block.

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
    """Turn codes in columns (k, groups, n) into quads (groups * k / 4, n * 4): see columns.py."""
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
