"""Laying a checkpoint's tensors and settings against an architecture's rows, both ways round.

A tensor without a row and a row without a tensor are errors: nothing is skipped in silence.
"""

import difflib
import re
from dataclasses import replace

from llmq.architectures.table import Architecture, Config, MetadataRow, TensorRow
from llmq.checkpoint import Checkpoint
from llmq.errors import ArchitectureError
from llmq.gguf_file import Metadata


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
    computed = [
        TensorRow("", name, ("head",))
        for name, compute in architecture.computed.items()
        if compute(settings) is not None
    ]
    model = f"{architecture.hf_name} with {layers} layers"
    for row in rows:
        if row.source not in checkpoint.tensors:
            raise ArchitectureError(
                f"{checkpoint.path}: the tensor {row.source!r} is missing, which {model} needs;"
                " fetch the checkpoint again or mend config.json"
            )
    wanted = {row.source for row in rows}
    spare = {row.source: row.spare for row in everything if row.spare and row.source not in wanted}
    notes = []
    for name in checkpoint.tensors:
        if name not in wanted:
            reason = spare.get(name) or _ignored(name, architecture)
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
        elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ArchitectureError(f"config.json: {prefix}.{row.key} is {value!r}, not a number")
        else:
            try:
                result[f"{prefix}.{row.key}"] = row.kind(value)
            except OverflowError:
                raise ArchitectureError(
                    f"config.json: {prefix}.{row.key} is {value}, too large"
                ) from None
    return result
