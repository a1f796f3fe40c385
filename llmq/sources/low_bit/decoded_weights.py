"""Weights that are computed from their parts each time they are read, a few rows at a time.

They are computed as the library does that the scheme belongs to: in float32, then rounded to the
type that it computes in, which `dtype` tells. So a file of this type holds exactly what they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llmq.weights import Rows
from llmq_kernels.arrays.float16 import from_bf16, to_bf16, to_f16


class Computed(Protocol):
    """What knows the values of a matrix; it travels to workers, so it is small."""

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32, before they are rounded."""


def _as_f16(rows: Rows) -> Rows:
    return to_f16(rows).astype(np.float32)


def _as_bf16(rows: Rows) -> Rows:
    rounded = np.empty_like(rows)
    from_bf16(to_bf16(rows), rounded)
    return rounded


def _as_they_are(rows: Rows) -> Rows:
    return rows


ROUNDED: Mapping[str, Callable[[Rows], Rows]] = {
    "F32": _as_they_are,
    "F16": _as_f16,
    "BF16": _as_bf16,
}
STORED: Mapping[str, Callable[[Rows], NDArray[np.generic]]] = {
    "F32": _as_they_are,
    "F16": to_f16,
    "BF16": to_bf16,
}


@dataclass(frozen=True)
class DecodedWeights:
    """A matrix, or several, whose values `computed` knows, rounded to `dtype`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    computed: Computed

    @property
    def n_rows(self) -> int:
        """The product of all dimensions but the last."""
        return prod(self.shape[:-1])

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows `start` to `stop` in the type that they are rounded to."""
        rows = np.ascontiguousarray(self.computed.rows(start, stop), np.float32)
        return STORED[self.dtype](rows).reshape(-1).view(np.uint8)

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32 of shape (stop - start, shape[-1])."""
        rows = np.ascontiguousarray(self.computed.rows(start, stop), np.float32)
        return ROUNDED[self.dtype](rows)

    def readable(self) -> None:
        """They are."""
