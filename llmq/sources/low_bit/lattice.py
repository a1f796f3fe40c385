"""Plain weights that lie on the grid of Q4_0, as training that is aware of it leaves them.

Such a checkpoint holds no codes: its matrices are BF16 like any other's. What they are is seen in a
few rows, which are read when it is opened; all of a matrix is held against the grid when its blocks
are made. A block that does not lie on it is encoded as any other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.files.safetensors import TensorRef
from llmq.weights import Rows, Weights
from llmq_kernels import FORMATS, Encoder
from llmq_kernels.lattice import TYPES, on_q4_0

SCHEME, FORMAT = "weights on the grid of Q4_0", "Q4_0"
BLOCK = 32
FIRST_LOOK, ROWS = 3, 4
"""Matrices whose rows tell whether to look at all; rows that are read of each matrix."""


@dataclass(frozen=True)
class OnGrid:
    """A matrix whose blocks are looked for as they are asked for; its values are its own."""

    weights: TensorRef
    dtype: str = FORMAT

    @property
    def name(self) -> str:
        """What the source calls it."""
        return self.weights.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""
        return self.weights.shape

    @property
    def file(self) -> Path:
        """The file that holds it."""
        return self.weights.file

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The blocks of rows `start` to `stop` as bytes."""
        rows = self.read(start, stop).reshape(-1, BLOCK)
        blocks, exact = on_q4_0(rows, self.weights.dtype)
        others = np.flatnonzero(~exact)
        if len(others):
            blocks[others] = FORMATS[FORMAT].encode(rows[others], encoder=Encoder.SEARCH)[:, 0]
        return blocks.view(np.uint8)

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as the checkpoint has them."""
        return self.weights.read(start, stop)


def on_grid(tensors: Mapping[str, Weights]) -> dict[str, Weights]:
    """The matrices that lie on the grid, by name, as far as a few rows of each tell.

    Where none of a few does, no more are read: most checkpoints cost three matrices' rows.
    """
    matrices = dict(_matrices(tensors))
    names = list(matrices)
    first = {names[len(names) * part // FIRST_LOOK] for part in range(FIRST_LOOK)} if names else ()
    if not any(_lies(matrices[name]) for name in first):
        return {}
    return {name: OnGrid(matrix) for name, matrix in matrices.items() if _lies(matrix)}


def _matrices(tensors: Mapping[str, Weights]) -> Iterator[tuple[str, TensorRef]]:
    """What could be stored in blocks."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, TensorRef) or tensor.dtype not in TYPES:
            continue
        if len(tensor.shape) > 1 and tensor.shape[-1] % BLOCK == 0 and 0 not in tensor.shape:
            yield name, tensor


def _lies(matrix: TensorRef) -> bool:
    """Whether the rows that are looked at lie on the grid, and are not all zeros."""
    n_rows = prod(matrix.shape[:-1])
    picked = sorted({n_rows * part // ROWS for part in range(ROWS)})
    rows = np.concatenate([matrix.read(row, row + 1) for row in picked]).reshape(-1, BLOCK)
    return bool(rows.any()) and bool(on_q4_0(rows, matrix.dtype)[1].all())
