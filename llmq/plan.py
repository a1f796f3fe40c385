"""A plan as a value: everything about the output file, known before one weight is read.

Printing it, checking the disk against it and executing it are separate things.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from llmq import records
from llmq.encoding import REFINED, STORED, Encoding
from llmq.files.gguf import Metadata, encode_header, padded
from llmq.importance import Importance
from llmq.planned_tensor import PlannedTensor
from llmq.quality import Quality
from llmq.recipes.table import Recipe
from llmq.sources.source import Source
from llmq.sources.tensor import SourceTensor
from llmq.weights import Weights
from llmq_kernels import Encoder


def encoder_of(tensors: Iterable[PlannedTensor]) -> str | None:
    """The encoder of a file: the first of these that a block has, or None without blocks."""
    used = {tensor.encoding.encoder for tensor in tensors if tensor.format.block > 1}
    return next((name for name in (REFINED, *reversed(Encoder), STORED) if name in used), None)


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
    quality: Quality

    def with_records(self, keys: Metadata) -> "Plan":
        """The plan of a file that says more of its making."""
        return replace(self, metadata=self.metadata | keys)

    def with_refined(self, blocks: Mapping[str, Weights]) -> "Plan":
        """The plan that takes tensors, by name, from blocks that are in their formats already."""
        tensors = tuple(
            replace(
                tensor,
                source=SourceTensor(tensor.name, blocks[tensor.name]),
                encoding=Encoding(tensor.format, REFINED),
            )
            if tensor.name in blocks
            else tensor
            for tensor in self.tensors
        )
        encoder = str(encoder_of(tensors))
        return replace(self, tensors=tensors, metadata=self.metadata | {records.ENCODER: encoder})

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
            "quality": self.quality.name,
            "encoder": self.encoder,
            "calibration": records.as_json(self.metadata),
            "imatrix": self.importance and self.importance.as_json(),
            "bytes": self.n_bytes,
            "weights": self.n_weights,
            "bits_per_weight": round(self.bits_per_weight, 4),
            "notes": [*self.notes, *self.size_notes],
            "tensors": rows,
        }
