"""Laying a checkpoint's tensors against an architecture's rows, both ways round.

A tensor without a row and a row without a tensor are errors: nothing is skipped in silence.
"""

import re
from collections.abc import Collection, Mapping

from llmq.architectures.table import Architecture, Config, Sizes, TensorRow
from llmq.errors import ArchitectureError
from llmq.sources.checkpoint import Checkpoint
from llmq.spelling import did_you_mean


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
    every_row = architecture.rows(layers)
    rows = [row for row in every_row if row.present(settings)]
    model = f"{architecture.hf_name} with {layers} layers"
    for row in rows:
        _check_tensor(checkpoint, row, sizes, model)
    twins = {row.source: row.twin for row in every_row if not row.present(settings)}
    notes = _left_over(checkpoint, {row.source for row in rows}, twins, architecture.ignored, model)
    return rows, notes


def _check_tensor(checkpoint: Checkpoint, row: TensorRow, sizes: Sizes, model: str) -> None:
    """Raise `ArchitectureError` where the tensor of this row is missing or has another shape."""
    tensor = checkpoint.tensors.get(row.source)
    if tensor is None:
        raise ArchitectureError(
            f"{checkpoint.path}: the tensor {row.source!r} is missing, which {model} needs;"
            f" {_remedy(checkpoint, row.source)}"
        )
    expected = [sizes[size] for size in row.shape]
    if list(tensor.shape) != expected:
        raise ArchitectureError(
            f"{tensor.file}: the tensor {tensor.name!r} has the shape {list(tensor.shape)} where"
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
    notes = []
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
        notes.append(f"{name} is left out: {reason}")
    return notes


def _ignored(name: str, ignored: Mapping[str, str]) -> str | None:
    return next((why for pattern, why in ignored.items() if re.fullmatch(pattern, name)), None)


def _repeats(checkpoint: Checkpoint, name: str, twin: str) -> str:
    """Why `name` can be left out: it repeats `twin`; `ArchitectureError` where it does not.

    The only weights that planning ever reads. transformers compares them too, and where they differ
    it computes with both, whatever the configuration says (`tie_weights` in modeling_utils.py).
    llama.cpp's converter writes both, also where they are equal.
    """
    if not checkpoint.tensors[name].equals(checkpoint.tensors[twin]):
        raise ArchitectureError(
            f"{checkpoint.path}: config.json ties {name!r} to {twin!r}, but the two differ;"
            " set tie_word_embeddings to false, or remove the tensor that is not meant"
        )
    return f"it repeats {twin}"
