"""Weights that are a base's and an adapter's together, computed row by row as they are read.

A row comes out the same in whatever chunk it is read: matrices are multiplied in tiles of a fixed
number of rows, in float64, and rounded to float32 once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.files.safetensors import TensorRef
from llmq.weights import COMPUTED, Rows, Weights, as_f32

TILE_ROWS = 64  # multiplied at a time; part of what is computed, as sums may depend on it

Wide = NDArray[np.float64]


@dataclass(frozen=True)
class Product:
    """`scale` times a tall matrix times a wide one, and with DoRA the length of each row."""

    tall: TensorRef
    """(rows, rank), or of an embedding (rank, rows)."""
    wide: TensorRef
    """(rank, columns), or of an embedding (columns, rank)."""
    scale: float
    of_embedding: bool = False
    magnitude: TensorRef | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of what is added."""
        tall, wide = self.tall.shape, self.wide.shape
        return (tall[1], wide[0]) if self.of_embedding else (tall[0], wide[1])

    @property
    def ranks(self) -> tuple[int, int]:
        """The rank as both have it, which must be one."""
        tall, wide = self.tall.shape, self.wide.shape
        return (tall[0], wide[1]) if self.of_embedding else (tall[1], wide[0])

    def right(self) -> Wide:
        """The wide matrix, (rank, columns), times the scale."""
        whole = self.wide.read(0, self.wide.n_rows)
        wide: Wide = np.array(whole.T if self.of_embedding else whole, np.float64)
        wide *= self.scale
        return wide

    def left(self, start: int, stop: int) -> Wide:
        """Rows of the tall matrix, (stop - start, rank)."""
        if not self.of_embedding:
            return self.tall.read(start, stop).astype(np.float64)
        rank, n_rows = self.tall.shape
        column = replace(self.tall, shape=(rank * n_rows, 1))
        spans = [(i * n_rows + start, i * n_rows + stop) for i in range(rank)]
        return np.hstack([column.read(*span) for span in spans]).astype(np.float64)

    def lengths(self, start: int, stop: int) -> Wide | None:
        """How long rows shall be, (stop - start, 1)."""
        if self.magnitude is None:
            return None
        n_rows = prod(self.magnitude.shape)
        column = replace(self.magnitude, shape=(n_rows, 1))
        return column.read(start, stop).astype(np.float64)


@dataclass(frozen=True)
class Changed:
    """The base's weights, changed as they are read; a child says how."""

    base: Weights

    @property
    def name(self) -> str:
        """What the checkpoint calls the base."""
        return self.base.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""
        return self.base.shape

    @property
    def dtype(self) -> str:
        """No file holds them so."""
        return COMPUTED

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows, as F32."""
        return as_f32(self.read(start, stop))

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`."""
        raise NotImplementedError


@dataclass(frozen=True)
class MergedWeights(Changed):
    """A matrix and what adapters add to it, one after the other as peft merges them."""

    products: tuple[Product, ...]

    @property
    def file(self) -> Path:
        """The file of the last adapter."""
        return self.products[-1].tall.file

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`."""
        result = self.base.read(start, stop).astype(np.float32)
        n_rows = prod(self.shape[:-1])
        first, last = start // TILE_ROWS * TILE_ROWS, min(-(-stop // TILE_ROWS) * TILE_ROWS, n_rows)
        factors = [(p, p.left(first, last), p.right()) for p in self.products]
        for begin in range(first, last, TILE_ROWS):
            here = slice(max(start, begin), min(stop, begin + TILE_ROWS))
            rows = result[here.start - start : here.stop - start]
            base = rows.astype(np.float64)
            total = base
            for product, left, right in factors:
                tile = left[begin - first : begin - first + TILE_ROWS] @ right
                total = _added(
                    product, base, total, tile[here.start - begin : here.stop - begin], here
                )
            rows[...] = total
        return result


def _added(product: Product, base: Wide, total: Wide, added: Wide, here: slice) -> Wide:
    """`total` with what one adapter adds; its length is that of the base with this one alone.

    `DoraLinearVariant.merge_safe` in peft's variants.py.
    """
    lengths = product.lengths(here.start, here.stop)
    if lengths is None:
        return total + added
    norm = np.sqrt(np.square(base + added).sum(axis=1, keepdims=True))
    result: Wide = lengths / norm * (total + added)
    return result


@dataclass(frozen=True)
class ShiftedBias(Changed):
    """A bias and `scale` times an adapter's own."""

    added: TensorRef
    scale: float

    @property
    def file(self) -> Path:
        """The adapter's file."""
        return self.added.file

    def read(self, start: int, stop: int) -> Rows:
        """The numbers, as one row."""
        added = self.added.read(start, stop).astype(np.float64)
        total = self.base.read(start, stop).astype(np.float64) + self.scale * added
        return total.astype(np.float32)


@dataclass(frozen=True)
class ReplacedRows(Changed):
    """A matrix of which an adapter has some rows of its own: those of tokens that were trained."""

    rows: TensorRef
    places: tuple[int, ...]
    """The row of `base` that each of `rows` stands for."""

    @property
    def file(self) -> Path:
        """The adapter's file."""
        return self.rows.file

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`."""
        result = np.array(self.base.read(start, stop), np.float32)
        for index, place in self._inside(start, stop):
            result[place - start] = self.rows.read(index, index + 1)[0]
        return result

    def _inside(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        return ((i, place) for i, place in enumerate(self.places) if start <= place < stop)


def called(weights: Weights, name: str) -> Weights:
    """The same weights under another name."""
    inside = next((field for field in ("base", "weights") if hasattr(weights, field)), None)
    changes = {inside: called(getattr(weights, inside), name)} if inside else {"name": name}
    found: Weights = replace(weights, **changes)  # type: ignore[type-var]  # all are dataclasses
    return found
