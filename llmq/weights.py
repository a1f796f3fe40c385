"""One tensor as a source holds it: what it is called, how it is stored, and its rows.

Whoever reads weights asks for rows, a few at a time; where these come from, a span of a file, a
formula, the codes of another format, the sum of a matrix and an adapter, is the source's affair.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
COMPUTED = "computed"
"""The type of weights that no file holds as they are read."""


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


def as_f32(rows: Rows) -> NDArray[np.uint8]:
    """The bytes of rows, stored as F32."""
    return rows.astype("<f4").reshape(-1).view(np.uint8)


@dataclass(frozen=True)
class ComputedWeights:
    """Weights that follow from the configuration and lie in no file."""

    name: str
    values: Rows
    dtype: str = COMPUTED
    file: None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""
        return self.values.shape

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows, as F32."""
        return as_f32(self.read(start, stop))

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`."""
        return self.values.reshape(-1, self.shape[-1])[start:stop]
