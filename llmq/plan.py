"""A plan as a value: everything about the output file, known before one weight is read.

Printing it, checking the disk against it and executing it are separate things.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.architectures.table import Transform
from llmq.files.gguf import Metadata, encode_header, padded
from llmq.files.safetensors import TensorRef
from llmq.importance import Importance
from llmq.recipes.table import Recipe
from llmq_kernels import Encoder
from llmq_kernels.format import Format


@dataclass(frozen=True)
class PlannedTensor:
    """One tensor of the output; `offset` counts from the start of the tensor data."""

    name: str
    shape: tuple[int, ...]
    source: TensorRef | NDArray[np.float32]
    transform: Transform | None
    format: Format
    offset: int
    importance: NDArray[np.float32] | None
    """Of the columns, shape[-1:], where it is known."""
    encoder: Encoder

    @property
    def n_rows(self) -> int:
        """Rows of `shape[-1]` weights."""
        return prod(self.shape[:-1])

    @property
    def row_bytes(self) -> int:
        """Bytes of one encoded row."""
        return self.format.nbytes(self.shape[-1:])

    @property
    def n_bytes(self) -> int:
        """Bytes of the encoded tensor, without padding."""
        return self.n_rows * self.row_bytes

    @property
    def came_from(self) -> str:
        """The type the tensor had, or `computed`."""
        return self.source.dtype if isinstance(self.source, TensorRef) else "computed"


def encoder_of(tensors: Iterable[PlannedTensor]) -> Encoder | None:
    """How blocks are encoded: `search` where any is searched for, None where there is no block."""
    used = {tensor.encoder for tensor in tensors if tensor.format.block > 1}
    return Encoder.SEARCH if Encoder.SEARCH in used else next(iter(used), None)


@dataclass(frozen=True)
class Plan:
    """The whole output file: its metadata, its tensors in order, and what was left out on purpose."""

    name: str
    recipe: Recipe
    metadata: Metadata
    tensors: tuple[PlannedTensor, ...]
    notes: tuple[str, ...]
    importance: Importance | None

    @property
    def encoder(self) -> Encoder | None:
        """As `encoder_of` tells."""
        return encoder_of(self.tensors)

    @cached_property
    def header(self) -> bytes:
        """The file's first bytes, padded; the tensor data follow."""
        records = [(t.name, t.shape, t.format.ggml_type, t.offset) for t in self.tensors]
        return encode_header(self.metadata, records)

    @property
    def n_bytes(self) -> int:
        """The size of the output file."""
        last = self.tensors[-1]
        return len(self.header) + padded(last.offset + last.n_bytes)

    @property
    def n_weights(self) -> int:
        """The number of weights in all tensors."""
        return sum(prod(tensor.shape) for tensor in self.tensors)

    @property
    def bits_per_weight(self) -> float:
        """Bits of tensor data for one weight, on average."""
        return 8 * sum(tensor.n_bytes for tensor in self.tensors) / self.n_weights

    def as_json(self) -> dict[str, Any]:
        """The plan for machines."""
        rows = [
            {
                "name": tensor.name,
                "shape": list(tensor.shape),
                "from": tensor.came_from,
                "to": tensor.format.name,
                "bytes": tensor.n_bytes,
            }
            for tensor in self.tensors
        ]
        return {
            "name": self.name,
            "recipe": self.recipe.name,
            "encoder": self.encoder,
            "imatrix": self.importance and self.importance.as_json(),
            "bytes": self.n_bytes,
            "weights": self.n_weights,
            "bits_per_weight": round(self.bits_per_weight, 4),
            "notes": list(self.notes),
            "tensors": rows,
        }
