"""Laying a checkpoint's tensors and settings against an architecture's rows, both ways round.

A tensor without a row and a row without a tensor are errors: nothing is skipped in silence.
"""

import difflib
import re
from dataclasses import replace
from typing import Any

import numpy as np

from llmq.architectures.table import Architecture, Config, MetadataRow, TensorRow
from llmq.errors import ArchitectureError
from llmq.files.gguf import Metadata
from llmq.files.safetensors import TensorRef
from llmq.sources.checkpoint import Checkpoint


def match_tensors(
    checkpoint: Checkpoint, architecture: Architecture, settings: Config
) -> tuple[list[TensorRow], list[str]]:
    """The rows of this model, one per tensor, in the order of the file; and what is left out."""
    layers = architecture.sizes(settings)["layers"]
    if layers > len(checkpoint.tensors):
        raise ArchitectureError(
            f"config.json: {layers} layers, but the checkpoint has {len(checkpoint.tensors)} tensors"
        )
    everything = expanded(architecture, layers)
    rows = [row for row in everything if row.present(settings)]
    model = f"{architecture.hf_name} with {layers} layers"
    sizes = architecture.sizes(settings)
    for row in rows:
        if row.source not in checkpoint.tensors:
            raise ArchitectureError(
                f"{checkpoint.path}: the tensor {row.source!r} is missing, which {model} needs;"
                " fetch the checkpoint again or mend config.json"
            )
        _check_shape(checkpoint.tensors[row.source], tuple(sizes[size] for size in row.shape))
    # Only now are the sizes known to be those of real tensors, and no more than the file could hold.
    computed = [
        TensorRow("", name, ("head",))
        for name, compute in architecture.computed.items()
        if compute(settings) is not None
    ]
    wanted = {row.source for row in rows}
    twins = {row.source: row.twin for row in everything if row.twin and row.source not in wanted}
    notes = []
    for name in checkpoint.tensors:
        if name not in wanted:
            twin = twins.get(name)
            reason = _repeats(checkpoint, name, twin) if twin else _ignored(name, architecture)
            if reason is None:
                near = difflib.get_close_matches(name, wanted, n=1)
                hint = f"; the nearest name known is {near[0]!r}" if near else ""
                raise ArchitectureError(
                    f"{checkpoint.path}: the tensor {name!r} has no place in {model}{hint}"
                )
            notes.append(f"{name} is left out: {reason}")
    return computed + rows, notes


def expanded(architecture: Architecture, layers: int) -> list[TensorRow]:
    """The rows as they stand, where the first with `{i}` stands for all layers of all such rows."""
    inside = [row for row in architecture.tensors if "{i}" in row.source]
    first = architecture.tensors.index(inside[0])
    repeated = [
        replace(row, source=row.source.format(i=layer), target=row.target.format(i=layer))
        for layer in range(layers)
        for row in inside
    ]
    after = [row for row in architecture.tensors[first:] if "{i}" not in row.source]
    return [*architecture.tensors[:first], *repeated, *after]


def _check_shape(tensor: TensorRef, expected: tuple[int, ...]) -> None:
    if tensor.shape != expected:
        raise ArchitectureError(
            f"{tensor.file}: the tensor {tensor.name!r} has the shape {list(tensor.shape)} where"
            f" config.json gives {list(expected)}"
        )


def _repeats(checkpoint: Checkpoint, name: str, twin: str) -> str:
    """Why `name` can be left out: it repeats `twin`; `ArchitectureError` where it does not.

    The only weights that planning ever reads. transformers compares them too, and where they differ it
    computes with both, whatever the configuration says (`tie_weights` in modeling_utils.py). llama.cpp's
    converter writes both, also where they are equal.
    """
    if not checkpoint.tensors[name].equals(checkpoint.tensors[twin]):
        raise ArchitectureError(
            f"{checkpoint.path}: config.json ties {name!r} to {twin!r}, but the two differ;"
            " set tie_word_embeddings to false, or remove the tensor that is not meant"
        )
    return f"it repeats {twin}"


def _ignored(name: str, architecture: Architecture) -> str | None:
    reasons = architecture.ignored.items()
    return next((reason for pattern, reason in reasons if re.fullmatch(pattern, name)), None)


def rows_as_metadata(prefix: str, rows: tuple[MetadataRow, ...], settings: Config) -> Metadata:
    """The keys `PREFIX.KEY` of the rows that have a value."""
    result: Metadata = {}
    for row in rows:
        value = row.value(settings)
        if value is None:
            if row.required:
                raise ArchitectureError(f"config.json: nothing gives {prefix}.{row.key}")
            continue
        if row.kind is str:
            result[f"{prefix}.{row.key}"] = str(value)
        elif not _fits(value, np.dtype(row.kind)):
            raise ArchitectureError(
                f"config.json: {prefix}.{row.key} is {value!r} instead of a number from 0"
                f" ({np.dtype(row.kind)})"
            )
        else:
            result[f"{prefix}.{row.key}"] = row.kind(value)
    return result


def _fits(value: object, kind: np.dtype[Any]) -> bool:
    """Whether `value` is a number from 0 that this type of number can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if kind.kind == "f":
        return 0 <= value <= float(np.finfo(kind).max)
    return 0 <= value <= int(np.iinfo(kind).max) and value == int(value)
