"""The grid of each format: which values a column may take once its block has its scales.

value = scale * level + offset, where a level is what a code stands for: an integer, or a value of
the codebook.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes
from llmq_kernels.arrays.codebook import CODES, FAR, NEAREST
from llmq_kernels.arrays.columns import Floats
from llmq_kernels.formats import (
    iq4_nl,
    iq4_xs,
    q2_k,
    q3_k,
    q4_0,
    q4_1,
    q4_k,
    q5_0,
    q5_1,
    q5_k,
    q6_k,
    q8_0,
    six_bits,
)


class Levels(Protocol):
    """The levels of a format's codes."""

    def round(self, y: Floats) -> None:
        """Replace numbers by the levels nearest to them."""

    def codes(self, levels: Floats) -> Bytes:
        """The codes of levels."""


@dataclass(frozen=True)
class Integers:
    """The integers from `lowest` to `highest`; `bias` is added to them in the file."""

    lowest: int
    highest: int
    bias: int

    def round(self, y: Floats) -> None:
        """Round, half to even, and clip."""
        np.rint(y, out=y)
        np.clip(y, np.float32(self.lowest), np.float32(self.highest), out=y)

    def codes(self, levels: Floats) -> Bytes:
        """The codes of levels, as the file has them."""
        codes = levels.astype(np.int8).view(np.uint8)
        codes += np.uint8(self.bias)
        return codes


_NEAREST = NEAREST.astype(np.float32)
_CODES_OF_LEVELS = CODES[::2]
"""By the level, which `CODES` has doubled."""


class Codebook:
    """The sixteen values of codebook.py."""

    def round(self, y: Floats) -> None:
        """Replace numbers by the nearest values."""
        y += y
        np.clip(y, -FAR, FAR - 1, out=y)
        np.floor(y, out=y)
        places = y.astype(np.intp)
        places += FAR
        np.take(_NEAREST, places, out=y, mode="clip")

    def codes(self, levels: Floats) -> Bytes:
        """The codes of values."""
        places = levels.astype(np.intp)
        places += FAR // 2
        return np.take(_CODES_OF_LEVELS, places, mode="clip")


@dataclass(frozen=True)
class Grid:
    """What error feedback needs to know of a format."""

    levels: Levels
    scales_and_offsets: Callable[[Blocks], tuple[Floats, Floats]]
    """Of the groups of n blocks, (n, groups) each."""
    store_codes: Callable[[Blocks, Bytes], None]
    """Takes quads (columns.py)."""


def _symmetric(
    levels: Levels, scales: Callable[[Blocks], Floats], store_codes: Callable[[Blocks, Bytes], None]
) -> Grid:
    """A grid without offsets."""

    def scales_and_offsets(blocks: Blocks) -> tuple[Floats, Floats]:
        steps = scales(blocks)
        return steps, np.zeros_like(steps)

    return Grid(levels, scales_and_offsets, store_codes)


def _affine(
    highest: int,
    scales_and_offsets: Callable[[Blocks], tuple[Floats, Floats]],
    store_codes: Callable[[Blocks, Bytes], None],
) -> Grid:
    """A grid whose levels are its codes 0 .. highest."""
    return Grid(Integers(0, highest, bias=0), scales_and_offsets, store_codes)


GRIDS: dict[str, Grid] = {
    "Q8_0": _symmetric(Integers(-127, 127, bias=0), q8_0.scales, q8_0.store_codes),
    "Q6_K": _symmetric(Integers(-32, 31, bias=32), q6_k.scales, q6_k.store_codes),
    "Q5_1": _affine(31, q5_1.scales_and_offsets, q5_1.store_codes),
    "Q5_0": _symmetric(Integers(-16, 15, bias=16), q5_0.scales, q5_0.store_codes),
    "Q5_K": _affine(31, six_bits.scales_and_offsets, q5_k.store_codes),
    "Q4_1": _affine(15, q4_1.scales_and_offsets, q4_1.store_codes),
    "Q4_0": _symmetric(Integers(-8, 7, bias=8), q4_0.scales, q4_0.store_codes),
    "Q4_K": _affine(15, six_bits.scales_and_offsets, q4_k.store_codes),
    "IQ4_NL": _symmetric(Codebook(), iq4_nl.scales, iq4_nl.store_codes),
    "IQ4_XS": _symmetric(Codebook(), iq4_xs.scales, iq4_xs.store_codes),
    "Q3_K": _symmetric(Integers(-4, 3, bias=4), q3_k.scales, q3_k.store_codes),
    "Q2_K": _affine(3, q2_k.scales_and_offsets, q2_k.store_codes),
}
"""By the name of the format."""
