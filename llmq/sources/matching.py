"""Laying a checkpoint's tensors against an architecture's rows, both ways round.

A tensor without a row and a row without a tensor are errors: nothing is skipped in silence.
"""

import re
from collections.abc import Collection, Mapping
from math import prod

import numpy as np

from llmq.architectures.table import Architecture, Config, TensorRow
from llmq.errors import ArchitectureError
from llmq.sources.checkpoint import Checkpoint, check_readable
from llmq.spelling import did_you_mean
from llmq.weights import Weights

COMPARED_WEIGHTS = 1 << 18  # at a time


def match_tensors(
    checkpoint: Checkpoint, architecture: Architecture, settings: Config
) -> tuple[list[TensorRow], list[str]]:
    """The rows of this model, one per tensor of the file and in its order; and what is left out.

    Raises `ArchitectureError` where a row has no tensor, a tensor no row, or a shape is not the one
    that the settings give.
    """
    sizes = architecture.sizes(settings)
    layers = sizes["layers"]
    if layers > len(checkpoint.tensors):
        raise ArchitectureError(
            f"config.json: {layers} layers, but the checkpoint has"
            f" {len(checkpoint.tensors)} tensors"
        )
    every_row = architecture.rows(settings, layers)
    rows = [row for row in every_row if row.present(settings)]
    model = f"{architecture.hf_name} with {layers} layers"
    wanted = set()
    for row in rows:
        for name in row.sources(sizes):
            _check_tensor(checkpoint, name, [sizes[size] for size in row.shape], model)
            wanted.add(name)
    twins = {row.source: row.twin for row in every_row if not row.present(settings)}
    return rows, _left_over(checkpoint, wanted, twins, architecture.ignored, model)


def _check_tensor(checkpoint: Checkpoint, name: str, expected: list[int], model: str) -> None:
    """Raise `ArchitectureError` where the tensor of this name is missing or has another shape."""
    tensor = checkpoint.tensors.get(name)
    if tensor is None:
        raise ArchitectureError(
            f"{checkpoint.path}: the tensor {name!r} is missing, which {model} needs;"
            f" {_remedy(checkpoint, name)}"
        )
    if list(tensor.shape) != expected:
        raise ArchitectureError(
            f"{tensor.file or checkpoint.path}: the tensor {tensor.name!r} has the shape {list(tensor.shape)} where"
            f" config.json gives {expected}"
        )


def _remedy(checkpoint: Checkpoint, name: str) -> str:
    """What to do where the tensor `name` is missing: it may be there under another name."""
    names = list(checkpoint.tensors)
    if any(".base_layer." in found or ".lora_" in found for found in names):
        return "an adapter is not merged: save the model after peft's merge_and_unload()"
    other = next((n for n in names if n.endswith(f".{name}") or name.endswith(f".{n}")), None)
    if other is not None:
        return f"{other!r} is there: save the model itself, not one around it or inside it"
    return "fetch the checkpoint again or mend config.json"


def _left_over(
    checkpoint: Checkpoint,
    wanted: Collection[str],
    twins: Mapping[str, str | None],
    ignored: Mapping[str, str],
    model: str,
) -> list[str]:
    """What the checkpoint holds besides `wanted`, and why; an error where there is no reason."""
    notes: list[str] = []
    behind: dict[str, list[str]] = {}
    for name in checkpoint.tensors:
        if name in wanted:
            continue
        twin = twins.get(name)
        reason = _repeats(checkpoint, name, twin) if twin else _ignored(name, ignored)
        if reason is None:
            hint = did_you_mean(name, wanted, found="; the nearest name known is {!r}")
            raise ArchitectureError(
                f"{checkpoint.path}: the tensor {name!r} has no place in {model}{hint}"
            )
        if twin:
            notes.append(f"{name} is left out: {reason}")
        else:
            behind.setdefault(reason, []).append(name)
    return notes + [_on_left_behind(names, reason) for reason, names in behind.items()]


def _on_left_behind(names: list[str], reason: str) -> str:
    """One remark on all tensors that are left out for one reason."""
    if len(names) == 1:
        return f"{names[0]} is left out: {reason}"
    return f"{len(names)} tensors are left out ({names[0]} and so on): {reason}"


def _ignored(name: str, ignored: Mapping[str, str]) -> str | None:
    return next((why for pattern, why in ignored.items() if re.fullmatch(pattern, name)), None)


def _repeats(checkpoint: Checkpoint, name: str, twin: str) -> str:
    """Why `name` can be left out: it repeats `twin`; `ArchitectureError` where it does not.

    The only weights that planning ever reads. transformers compares them too, and where they differ
    it computes with both, whatever the configuration says (`tie_weights` in modeling_utils.py).
    llama.cpp's converter writes both, also where they are equal.
    """
    if not same(checkpoint.tensors[name], checkpoint.tensors[twin]):
        raise ArchitectureError(
            f"{checkpoint.path}: config.json ties {name!r} to {twin!r}, but the two differ;"
            " set tie_word_embeddings to false, or remove the tensor that is not meant"
        )
    return f"it repeats {twin}"


def same(one: Weights, other: Weights) -> bool:
    """Whether both hold the same weights, read a few rows at a time."""
    check_readable(one)
    check_readable(other)
    if one.shape != other.shape:
        return False
    n_rows, step = prod(one.shape[:-1]), max(COMPARED_WEIGHTS // max(one.shape[-1], 1), 1)
    spans = ((row, min(row + step, n_rows)) for row in range(0, n_rows, step))
    return all(np.array_equal(one.read(*span), other.read(*span)) for span in spans)
