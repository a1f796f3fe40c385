"""Other looks at stored weights: a part, several as one, the same numbers in another shape.

A view reads no more than the rows that it is asked for, and hands bytes on as they are stored, so
that blocks which a checkpoint holds stay what they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.weights import COMPUTED, Rows, Weights, as_f32


@dataclass(frozen=True)
class Picked:
    """Pieces of the rows of `weights`, one behind the other, as a tensor of `shape`."""

    weights: Weights
    pieces: tuple[tuple[int, int], ...]
    """First row and the row behind the last, of each."""
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """What the source calls the whole."""
        return self.weights.name

    @property
    def dtype(self) -> str:
        """How it is stored."""
        return self.weights.dtype

    @property
    def file(self) -> Path | None:
        """The file that holds it, if one does."""
        return self.weights.file

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows, as they are stored."""
        return _joined([self.weights.raw(*span) for span in self._spans(start, stop)])

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`."""
        return _joined([self.weights.read(*span) for span in self._spans(start, stop)])

    def _spans(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The rows of `weights` that are these."""
        ends = accumulate(last - first for first, last in self.pieces)
        for (first, last), end in zip(self.pieces, ends, strict=True):
            begin = end - (last - first)
            if begin < stop and start < end:
                yield first + max(start - begin, 0), first + min(stop, end) - begin


def part(weights: Weights, start: int, stop: int) -> Picked:
    """Rows `start` to `stop` of a matrix that holds several, one below the other."""
    return Picked(weights, ((start, stop),), (stop - start, *weights.shape[1:]))


@dataclass(frozen=True)
class Stacked:
    """Tensors of one shape as one with a dimension more: the matrices of all experts."""

    parts: tuple[Weights, ...]

    @property
    def name(self) -> str:
        """What the source calls the first."""
        return self.parts[0].name

    @property
    def dtype(self) -> str:
        """How they are stored; `computed` where they differ in that."""
        found = {one.dtype for one in self.parts}
        return found.pop() if len(found) == 1 else COMPUTED

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""
        return (len(self.parts), *self.parts[0].shape)

    @property
    def file(self) -> Path | None:
        """The file that holds the first, if one does."""
        return self.parts[0].file

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows, as they are stored."""
        if self.dtype == COMPUTED:
            return as_f32(self.read(start, stop))
        return _joined([one.raw(*span) for one, span in self._spans(start, stop)])

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`, counted through all parts."""
        return _joined([one.read(*span) for one, span in self._spans(start, stop)])

    def _spans(self, start: int, stop: int) -> Iterator[tuple[Weights, tuple[int, int]]]:
        """The parts that have such rows, and which of theirs these are."""
        each = prod(self.parts[0].shape[:-1])
        for index in range(start // each, -(-stop // each)):
            first = index * each
            yield self.parts[index], (max(start - first, 0), min(stop - first, each))


@dataclass(frozen=True)
class Reshaped:
    """The same numbers in another shape; where rows get another length, it is read whole."""

    weights: Weights
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """What the source calls it."""
        return self.weights.name

    @property
    def dtype(self) -> str:
        """How it is stored."""
        return self.weights.dtype if self._same_rows else COMPUTED

    @property
    def file(self) -> Path | None:
        """The file that holds it, if one does."""
        return self.weights.file

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows: as they are stored, or as F32 where rows have another length."""
        return self.weights.raw(start, stop) if self._same_rows else as_f32(self.read(start, stop))

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`."""
        if self._same_rows:
            return self.weights.read(start, stop)
        whole = self.weights.read(0, prod(self.weights.shape[:-1]))
        return whole.reshape(-1, self.shape[-1])[start:stop]

    @property
    def _same_rows(self) -> bool:
        return self.shape[-1] == self.weights.shape[-1]


def _joined(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
