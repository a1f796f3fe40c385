"""The plan: everything about the output file, known before one weight is read.

`make_plan` matches the checkpoint's tensors with the architecture's rows and the recipe's rules, and
fixes every name, shape, byte count and offset. A plan is a value: printing it, checking the disk
against it and executing it are separate things. Whatever can be wrong with names, shapes, types or
settings is an error here.
"""

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.architectures import architecture_for
from llmq.architectures.matching import match_tensors, rows_as_metadata
from llmq.architectures.table import (
    TRANSFORMS,
    Architecture,
    Config,
    TensorRow,
    Transform,
)
from llmq.checkpoint import Checkpoint
from llmq.gguf_file import Metadata, encode_header, padded
from llmq.model_card import general_metadata
from llmq.recipes import Recipe, format_for, recipe_named
from llmq.safetensors_file import TensorRef
from llmq.tokenizer import read_tokenizer
from llmq_kernels.format import Format

QUANTIZATION_VERSION = 2  # GGML_QNT_VERSION


@dataclass(frozen=True)
class PlannedTensor:
    """One tensor of the output; `offset` counts from the start of the tensor data."""

    name: str
    shape: tuple[int, ...]
    source: TensorRef | NDArray[np.float32]
    transform: Transform | None
    format: Format
    offset: int

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


@dataclass(frozen=True)
class Plan:
    """The whole output file: its metadata, its tensors in order, and what was left out on purpose."""

    name: str
    recipe: Recipe
    metadata: Metadata
    tensors: tuple[PlannedTensor, ...]
    notes: tuple[str, ...]

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
            "bytes": self.n_bytes,
            "weights": self.n_weights,
            "bits_per_weight": round(self.bits_per_weight, 4),
            "notes": list(self.notes),
            "tensors": rows,
        }


def make_plan(checkpoint: Checkpoint, *, recipe: str = "Q4_0", pre: str | None = None) -> Plan:
    """Plan the conversion of `checkpoint` with the recipe of this name.

    `pre` overrides the name of the pre-tokenizer. Raises a child of `LlmqError` for whatever does not
    fit; reads no weight, except to see that an output matrix repeats the embedding it is tied to.
    """
    chosen = recipe_named(recipe)
    architecture = architecture_for(checkpoint.config)
    settings = architecture.settings(checkpoint.config)
    rows, notes = match_tensors(checkpoint, architecture, settings)
    tied = all(row.target != "output.weight" for row in rows)
    tensors: list[PlannedTensor] = []
    for row in rows:
        source = _source(checkpoint, row, architecture, settings)
        shape = source.shape
        used = format_for(chosen, row.target, shape, tied=tied)
        offset = padded(tensors[-1].offset + tensors[-1].n_bytes) if tensors else 0
        transform = _transform(row, architecture, settings)
        tensors.append(PlannedTensor(row.target, shape, source, transform, used, offset))
    metadata = _metadata(checkpoint, architecture, settings, chosen, pre)
    notes += _window_notes(architecture, settings)
    return Plan(checkpoint.name, chosen, metadata, tuple(tensors), tuple(notes))


def _window_notes(architecture: Architecture, settings: Config) -> list[str]:
    """What a limited reach of attention means for the file: llama.cpp's graphs have no such limit."""
    window, context = architecture.window(settings), settings["max_position_embeddings"]
    if not isinstance(window, int) or window >= context:
        return []
    return [
        f"this model's attention reaches {window} tokens back, llama.cpp's to the first token:"
        f" texts longer than {window} tokens come out differently"
    ]


def _source(
    checkpoint: Checkpoint, row: TensorRow, architecture: Architecture, settings: Config
) -> TensorRef | NDArray[np.float32]:
    """Where the weights of a row come from."""
    if not row.source:
        values = architecture.computed[row.target](settings)
        assert values is not None
        return values
    tensor = checkpoint.tensors[row.source]
    tensor.readable()
    return tensor


def _transform(row: TensorRow, architecture: Architecture, settings: Config) -> Transform | None:
    if row.transform is None:
        return None
    unit, apply = TRANSFORMS[row.transform]
    return Transform(row.transform, architecture.sizes(settings)[unit], apply)


def _metadata(
    checkpoint: Checkpoint,
    architecture: Architecture,
    settings: Config,
    recipe: Recipe,
    pre: str | None,
) -> Metadata:
    """All keys of the file, in the order in which llama.cpp's converter writes them."""
    return {
        "general.architecture": architecture.name,
        **general_metadata(checkpoint.path, n_parameters=checkpoint.n_parameters),
        **rows_as_metadata(architecture.name, architecture.metadata, settings),
        "general.file_type": np.uint32(recipe.file_type),
        **rows_as_metadata(architecture.name, architecture.late_metadata, settings),
        "general.quantization_version": np.uint32(QUANTIZATION_VERSION),
        **read_tokenizer(checkpoint.path, checkpoint.config, pre=pre),
    }
