"""A block format: a NumPy dtype that is the byte layout, and pure functions to and from it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.arrays.columns import PIECE, Floats
from llmq_kernels.arrays.float16 import is_finite

Encode = Callable[[Floats, Blocks], None]
Decode = Callable[[Blocks, Floats], None]
MakeEncode = Callable[[int, Floats | None], Encode]


BUFFER = 1024
"""Elements that NumPy buffers. It copies a row that is broadcast through its buffer unless the row
is longer than that: with the usual 8192 such an operation takes twice the time."""


class Encoder(StrEnum):
    """How the codes and scales of a block are chosen; what they mean is the same for all."""

    GGML = "ggml"
    """As ggml does, to the byte."""
    SEARCH = "search"
    """Our own search: lower squared error than ggml's bytes, faster wherever ggml searches too."""
    PORTABLE = "portable"
    """A search among scales that are positive and exact in bfloat16, for other runtimes."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """How `block` consecutive weights of a row are stored.

    A kernel reads its first argument and fills its second: contiguous float32 weights (n, block)
    one way, blocks (n,) the other. Blocks do not depend on one another, so the bytes do not depend
    on how many a kernel gets at a time.

    `encoders` make a kernel for n blocks at a time, which may keep buffers of that size. Their
    second argument is the importance (n_cols / block, block) of a row's weights, or None. With
    importance a kernel always gets blocks of whole rows.
    """

    name: str
    ggml_type: int
    block: int
    layout: np.dtype[np.void]
    scales: tuple[str, ...]
    """The fields that become infinite when weights are too large for the format."""
    saturates: bool = False
    """Whether the format clips at `largest` instead of overflowing."""
    largest: float
    """The largest magnitude that a block can stand for."""
    smallest: float = 2.0**-6
    """Where the largest magnitude in a block is less, scales may be subnormal and coarse."""
    worst_error: float
    """No weight comes back farther off than this share of its block's largest magnitude.

    It holds for blocks whose largest magnitude lies between `smallest` and `largest`, and for
    `Encoder.GGML`; the search, which may clip for the sake of the others, keeps to twice as much.
    """
    decoder: Decode
    encoders: Mapping[Encoder, MakeEncode] = field(default_factory=dict, hash=False)
    """A format's own file knows none: `table.py` adds them, `Encoder.GGML` to all."""

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

    def encoder_for(self, asked: Encoder) -> Encoder:
        """The encoder that serves: ggml's where its choice leaves nothing to choose."""
        return asked if asked in self.encoders else Encoder.GGML

    def encode(
        self,
        rows: Floats,
        importance: Floats | None = None,
        *,
        encoder: Encoder,
    ) -> Blocks:
        """Quantize finite weights (n_rows, n_cols) to blocks (n_rows, n_cols / block).

        `importance` (n_cols,), finite and not negative, says how much the error of each column
        matters; formats in which ggml has no use for it ignore it. With `Encoder.GGML` the bytes
        are those of ggml_quantize_chunk. A scale that overflows half precision is stored as
        infinity, as ggml does; `overflowed` finds it. Raises ValueError for rows that are not whole
        blocks and for importance of another length.

        >>> from llmq_kernels import FORMATS
        >>> rows = np.linspace(-8, 7.5, 32, dtype=np.float32)[None]  # steps of 0.5
        >>> blocks = FORMATS["Q4_0"].encode(rows, encoder=Encoder.GGML)
        >>> blocks.shape, float(blocks["d"][0, 0])
        ((1, 1), 1.0)
        >>> FORMATS["Q4_0"].decode(blocks)[0, :6].tolist()
        [-8.0, -7.0, -7.0, -6.0, -6.0, -5.0]
        """
        n_rows, n_cols = rows.shape
        blocks = np.empty((n_rows, self._blocks_in(n_cols)), self.layout)
        weights = np.ascontiguousarray(rows, np.float32).reshape(-1, self.block)
        make = self.encoders[self.encoder_for(encoder)]
        size = PIECE // self.block
        if importance is not None:
            importance = self._checked(importance, n_cols)
            size = max(PIECE // max(n_cols, 1), 1) * blocks.shape[1]
        _in_pieces(
            lambda n: _KERNELS.get(make, n, importance), weights, blocks.reshape(-1), size=size
        )
        return blocks

    def decode(self, blocks: Blocks) -> Floats:
        """Restore weights (n_rows, n_blocks * block) from blocks (n_rows, n_blocks)."""
        n_rows, n_blocks = blocks.shape
        weights = np.empty((blocks.size, self.block), np.float32)
        source = np.ascontiguousarray(blocks).reshape(-1)
        _in_pieces(lambda _: self.decoder, source, weights, size=PIECE // self.block)
        return weights.reshape(n_rows, n_blocks * self.block)

    def overflowed(self, blocks: Blocks, rows: Floats) -> int | None:
        """Index, in flat order, of the first block that its finite weights are too large for.

        Such a block has a scale that is infinite or NaN, if the format does not saturate; and where
        weights are so large that the sums of a search overflow, ggml may even store zeros for them
        without a trace.
        """
        finite = self._finite(blocks)
        # Up to twice the largest a weight may still round to it; or a scale is infinite.
        certain = self.largest if self.saturates else 2 * self.largest
        if max(float(rows.max(initial=0)), -float(rows.min(initial=0))) > certain:
            finite &= (np.abs(rows).reshape(-1, self.block) <= certain).all(axis=1)
        return None if finite.all() else int(finite.argmin())

    def damaged(self, blocks: Blocks) -> int | None:
        """Index, in flat order, of the first block that stands for weights that are not finite."""
        finite = self._finite(blocks)
        return None if finite.all() else int(finite.argmin())

    def _finite(self, blocks: Blocks) -> NDArray[np.bool_]:
        """Whether the scales of each block, in flat order, are neither infinite nor NaN."""
        finite = np.ones(blocks.size, np.bool_)
        for scale in self.scales:
            finite &= is_finite(blocks[scale].reshape(-1))
        return finite

    def _checked(self, importance: Floats, n_cols: int) -> Floats:
        """The importance of a row, block by block."""
        if importance.shape != (n_cols,):
            shape = " x ".join(map(str, importance.shape))
            raise ValueError(f"importance for {shape} weights does not fit rows of {n_cols}")
        if not (np.isfinite(importance) & (importance >= 0)).all():
            raise ValueError("importance must be finite and not negative")
        return np.ascontiguousarray(importance, np.float32).reshape(-1, self.block)

    def _blocks_in(self, n_cols: int) -> int:
        if n_cols % self.block:
            raise ValueError(
                f"{self.name} stores blocks of {self.block} weights, and rows of {n_cols} weights "
                "are not whole blocks"
            )
        return n_cols // self.block


class _Kernels(threading.local):
    """The encoders that a thread made last: their buffers are large, and costly to touch anew."""

    KEPT = 2  # of a tensor's pieces, and of the rest

    def __init__(self) -> None:
        self._kernels: dict[tuple[MakeEncode, int, bytes | None], Encode] = {}

    def get(self, make: MakeEncode, n: int, importance: Floats | None) -> Encode:
        """An encoder for n blocks."""
        key = make, n, None if importance is None else importance.tobytes()
        if key not in self._kernels:
            while len(self._kernels) >= self.KEPT:
                del self._kernels[next(iter(self._kernels))]
            self._kernels[key] = make(n, importance)
        return self._kernels[key]


_KERNELS = _Kernels()


def _in_pieces(
    make: Callable[[int], Callable[[Any, Any], None]], source: Any, target: Any, *, size: int
) -> None:
    """Run a kernel over `size` blocks at a time, and over the rest."""
    rest = len(source) % size
    whole = len(source) - rest
    with np.errstate(all="ignore"):  # infinities and NaN take the ways they take in C
        np.setbufsize(BUFFER)  # errstate takes this back, too
        if whole:
            kernel = make(size)
            for start in range(0, whole, size):
                kernel(source[start : start + size], target[start : start + size])
        if rest:
            make(rest)(source[whole:], target[whole:])
