"""Codes that lie on the grid of a GGUF format, as blocks of that format: nothing is rounded twice.

A Q4_0 block is 32 codes 0 .. 15 on a scale in half precision, value = d * (code - 8): symmetric
4-bit integers, whose groups are 32 columns or a multiple, are such blocks as soon as their scales
are halves. MXFP4 is the same on both sides but for the order of the codes.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llmq.errors import WeightError
from llmq.sources.low_bit.integers import Layout
from llmq.weights import Rows
from llmq_kernels import FORMATS
from llmq_kernels.arrays.float16 import to_f16

Q4_0_ZERO = 8
CODES_IN_BLOCK = 32


class Coded(Protocol):
    """What knows the blocks of a matrix."""

    def blocks(self, start: int, stop: int) -> NDArray[np.void]:
        """The blocks (stop - start, n_blocks) of rows."""


@dataclass(frozen=True)
class CodedWeights:
    """A matrix, or several, in blocks of the format `dtype`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    coded: Coded

    @property
    def n_rows(self) -> int:
        """The product of all dimensions but the last."""
        return prod(self.shape[:-1])

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The blocks of rows `start` to `stop` as bytes."""
        return self.coded.blocks(start, stop).reshape(-1).view(np.uint8)

    def read(self, start: int, stop: int) -> Rows:
        """What the blocks stand for: exactly what the checkpoint's codes do."""
        return FORMATS[self.dtype].decode(self.coded.blocks(start, stop))

    def readable(self) -> None:
        """They are."""


@dataclass(frozen=True)
class Q4Blocks:
    """Symmetric 4-bit integers as blocks of Q4_0."""

    name: str
    layout: Layout

    def blocks(self, start: int, stop: int) -> NDArray[np.void]:
        """The blocks (stop - start, n_blocks) of rows."""
        codes, scales, zeros = self.layout.grouped(start, stop)
        if not np.all(zeros == Q4_0_ZERO):
            raise WeightError(
                f"{self.name}: config.json says that its codes are symmetric, but they have zero points;"
                " set `sym` to false in its quantization_config"
            )
        n, n_in = codes.shape
        halves = to_f16(np.ascontiguousarray(scales))
        repeat = n_in // CODES_IN_BLOCK // scales.shape[1]
        blocks = np.empty((n, n_in // CODES_IN_BLOCK), FORMATS["Q4_0"].layout)
        blocks["d"] = np.repeat(halves, repeat, axis=1)
        blocks["qs"] = nibbles(codes)
        return blocks


def nibbles(codes: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Codes (n, n_in) as ggml packs them: of a block's 32 the first half low, the second high."""
    halves = codes.astype(np.uint8).reshape(len(codes), -1, 2, CODES_IN_BLOCK // 2)
    packed: NDArray[np.uint8] = halves[:, :, 0] | halves[:, :, 1] << np.uint8(4)
    return packed


def exact_in_f16(scales: Rows) -> bool:
    """Whether all scales are numbers of half precision, so that no block rounds them."""
    return bool((to_f16(np.ascontiguousarray(scales)).astype(np.float32) == scales).all())
