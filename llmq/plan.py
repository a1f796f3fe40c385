"""A plan as a value: everything about the output file, known before one weight is read.

Printing it, checking the disk against it and executing it are separate things.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from llmq.encoding import STORED
from llmq.files.gguf import Metadata, encode_header, padded
from llmq.importance import Importance
from llmq.planned_tensor import PlannedTensor
from llmq.recipes.table import Recipe
from llmq.sources.source import Source
from llmq_kernels import Encoder


def encoder_of(tensors: Iterable[PlannedTensor]) -> str | None:
    """The encoder of a file: the first of these that a block has, or None without blocks."""
    used = {tensor.encoding.encoder for tensor in tensors if tensor.format.block > 1}
    return next((name for name in (*reversed(Encoder), STORED) if name in used), None)


@dataclass(frozen=True)
class Plan:
    """The whole output file: its metadata, its tensors in order, and notes on them.

    `notes` tell whoever uses the file what to know of it, `size_notes` why it is as large as it is.
    """

    source: Source
    recipe: Recipe
    metadata: Metadata
    tensors: tuple[PlannedTensor, ...]
    notes: tuple[str, ...]
    size_notes: tuple[str, ...]
    importance: Importance | None

    @property
    def name(self) -> str:
        """The model's, for the name of the output file."""
        return self.source.name

    @property
    def encoder(self) -> str | None:
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
                "from": tensor.source.weights.dtype,
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
            "notes": [*self.notes, *self.size_notes],
            "tensors": rows,
        }
