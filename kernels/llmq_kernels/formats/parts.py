"""What an encoder hands to a format's `store`: n blocks as numbers, not yet packed into bytes.

Codes are in *quads* (columns.py): row i holds codes 4 i .. 4 i + 3 of every block, side by side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.arrays.float16 import Halves

ONE = np.ones((1, 1), np.uint8)
"""The scale of a block that is one group."""


class ScaleParts(NamedTuple):
    """Blocks of value = (d * scale) * grid(code)."""

    d: Halves | Bytes
    """(n,); bytes where the file holds no half-precision numbers."""
    codes: Bytes
    """Of weights, (weights in a block / 4, n * 4); `store` may use them up."""
    scales: Bytes = ONE
    """As they stand in the file, (groups, n)."""


class OffsetParts(NamedTuple):
    """Blocks of value = d * code + m, or superblocks of (d * scale) * code - dmin * min."""

    d: Halves
    """(n,)."""
    offset: Halves
    """m or dmin, (n,)."""
    codes: Bytes
    """Of weights, (weights in a block / 4, n * 4); `store` may use them up."""
    scales: Bytes = ONE
    """(groups, n)."""
    mins: Bytes = ONE
    """(groups, n)."""


StoreScales = Callable[[Blocks, ScaleParts], None]
StoreOffsets = Callable[[Blocks, OffsetParts], None]


@dataclass(frozen=True)
class Groups:
    """How the weights of an OffsetParts superblock are divided, and its largest codes."""

    groups: int
    k: int
    """Weights in a group."""
    max_code: int
    max_scale: int
    """Of scales, and of mins."""


def restore(out: Floats, codes: Bytes, scales: Floats, offsets: Floats) -> None:
    """Write code * scale + offset (n, weights) for scales and offsets of groups, (n, groups)."""
    k = out.size // scales.size
    out[...] = codes
    # NumPy is slow at an operation on short runs, and fast at repeating.
    out *= np.repeat(scales, k).reshape(out.shape)
    out += np.repeat(offsets, k).reshape(out.shape)


def load_halves(blocks: Blocks, *fields: str) -> list[Floats]:
    """Read fields of half precision as columns (n, 1)."""
    return [blocks[field].astype(np.float32)[:, None] for field in fields]
