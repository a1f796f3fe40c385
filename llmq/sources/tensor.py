"""One tensor of a source: the part of it that travels to the worker that has one of its chunks.

It knows its name in GGUF, where its weights lie and what has to happen to their rows on the way. It
is small; whoever reads the weights opens the file by itself.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llmq.architectures.table import Transform

Rows = NDArray[np.float32]


class Weights(Protocol):
    """One tensor as a source holds it, in rows of `shape[-1]` weights."""

    @property
    def name(self) -> str:
        """What the source calls it."""

    @property
    def dtype(self) -> str:
        """How it is stored: F32, F16, BF16, a block format, or `computed`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""

    @property
    def file(self) -> Path | None:
        """The file that holds it, if one does."""

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows `start` to `stop`, as they are stored."""

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32 of shape (stop - start, shape[-1])."""


@dataclass(frozen=True)
class ComputedWeights:
    """Weights that follow from the configuration and lie in no file."""

    name: str
    values: Rows
    dtype: str = "computed"
    file: None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""
        return self.values.shape

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows, as F32."""
        return self.read(start, stop).astype("<f4").reshape(-1).view(np.uint8)

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`."""
        return self.values.reshape(-1, self.shape[-1])[start:stop]


@dataclass(frozen=True)
class SourceTensor:
    """One tensor of a source: its name in GGUF, its weights, and how their rows change."""

    name: str
    weights: Weights
    transform: Transform | None = None
    kept_as: str = "F32"
    """Its format where a recipe leaves it alone, as norms."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major; a transform keeps it."""
        return self.weights.shape

    @property
    def n_rows(self) -> int:
        """Rows of `shape[-1]` weights."""
        return prod(self.shape[:-1])

    @property
    def unit(self) -> int:
        """How many rows must stay together on their way."""
        return self.transform.unit if self.transform and len(self.shape) > 1 else 1

    @property
    def rows_per_matrix(self) -> int:
        """Rows of one matrix; a tensor of three dimensions holds one for each expert."""
        return self.n_rows if len(self.shape) < 3 else self.shape[-2]
