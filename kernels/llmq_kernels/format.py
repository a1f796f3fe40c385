"""A block format: a NumPy dtype that is the byte layout, and two pure functions."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from llmq_kernels.columns import PIECE, Floats
from llmq_kernels.halves import is_finite
from llmq_kernels.packing import Blocks

Encoder = Callable[[Floats, Blocks], None]
Decoder = Callable[[Blocks, Floats], None]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How `block` consecutive weights of a row are stored.

    `encoder` and `decoder` make a kernel for n blocks at a time, which may keep buffers of that
    size. A kernel reads its first argument and fills its second: contiguous float32 weights
    (n, block) one way, blocks (n,) the other. Blocks do not depend on one another, so the bytes do
    not depend on how many a kernel gets at a time.
    """

    name: str
    ggml_type: int
    block: int
    layout: np.dtype[np.void]
    scales: tuple[str, ...]
    """The fields that become infinite when weights are too large for the format."""
    largest: float
    """The largest magnitude that a block can stand for."""
    worst_error: float
    """No weight comes back farther off than this share of its block's largest magnitude.

    It holds where the scales are normal half-precision numbers: neither infinite nor subnormal.
    """
    encoder: Callable[[int], Encoder]
    decoder: Callable[[int], Decoder]

    @property
    def block_bytes(self) -> int:
        """Stored size of a block."""
        return self.layout.itemsize

    @property
    def bits_per_weight(self) -> float:
        """Stored bits for each weight, scales included."""
        return 8 * self.block_bytes / self.block

    def nbytes(self, shape: tuple[int, ...]) -> int:
        """Stored size of a tensor whose rows (its last axis) are whole blocks."""
        return prod(shape[:-1]) * self._blocks_in(shape[-1]) * self.block_bytes

    def encode(self, rows: Floats) -> Blocks:
        """Quantize finite weights (n_rows, n_cols) to blocks (n_rows, n_cols / block).

        The bytes are those of ggml_quantize_chunk. A scale that overflows half precision is stored
        as infinity, as ggml does; `overflowed` tells. Raises ValueError for rows that are not whole
        blocks.
        """
        n_rows, n_cols = rows.shape
        blocks = np.empty((n_rows, self._blocks_in(n_cols)), self.layout)
        weights = np.ascontiguousarray(rows, np.float32).reshape(-1, self.block)
        _in_pieces(self.encoder, weights, blocks.reshape(-1), size=PIECE // self.block)
        return blocks

    def decode(self, blocks: Blocks) -> Floats:
        """Restore weights (n_rows, n_blocks * block) from blocks (n_rows, n_blocks)."""
        n_rows, n_blocks = blocks.shape
        weights = np.empty((blocks.size, self.block), np.float32)
        source = np.ascontiguousarray(blocks).reshape(-1)
        _in_pieces(self.decoder, source, weights, size=PIECE // self.block)
        return weights.reshape(n_rows, n_blocks * self.block)

    def overflowed(self, blocks: Blocks, rows: Floats) -> int | None:
        """Index, in flat order, of the first block that its finite weights are too large for.

        Such a block has a scale that is infinite or NaN; and where weights are so large that the
        sums of a search overflow, ggml may even store zeros for them without a trace.
        """
        finite = np.ones(blocks.size, np.bool_)
        for field in self.scales:
            finite &= is_finite(blocks[field].reshape(-1))
        certain = 2 * self.largest  # between the two, a weight may still round to `largest`
        if max(float(rows.max(initial=0)), -float(rows.min(initial=0))) > certain:
            finite &= (np.abs(rows).reshape(-1, self.block) <= certain).all(axis=1)
        return None if finite.all() else int(finite.argmin())

    def _blocks_in(self, n_cols: int) -> int:
        if n_cols % self.block:
            raise ValueError(
                f"{self.name} stores blocks of {self.block} weights, and rows of {n_cols} weights "
                "are not whole blocks"
            )
        return n_cols // self.block


@dataclass(frozen=True)
class Unbuffered:
    """An encoder or decoder for kernels that are plain functions and keep no buffers."""

    kernel: Callable[[Any, Any], None]

    def __call__(self, _n: int) -> Callable[[Any, Any], None]:
        return self.kernel


def _in_pieces(
    make: Callable[[int], Callable[[Any, Any], None]], source: Any, target: Any, *, size: int
) -> None:
    """Run a kernel over `size` blocks at a time, and over the rest."""
    rest = len(source) % size
    whole = len(source) - rest
    with np.errstate(all="ignore"):  # infinities and NaN take the ways they take in C
        if whole:
            kernel = make(size)
            for start in range(0, whole, size):
                kernel(source[start : start + size], target[start : start + size])
        if rest:
            make(rest)(source[whole:], target[whole:])
