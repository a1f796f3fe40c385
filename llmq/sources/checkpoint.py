"""A Hugging Face checkpoint: config.json and the tensors of its safetensors files.

Opening a checkpoint reads headers only. Nothing in the folder is executed or unpickled. What the
index says of a tensor counts less than what the shards hold, as for transformers, which reads
whole shards (`_load_pretrained_model` in its modeling_utils.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmq.errors import CheckpointError
from llmq.files.json import read_json_object
from llmq.files.safetensors import TensorRef, read_header
from llmq.sources.shards import (
    ORIGINAL,
    SINGLE_NAME,
    check_plain_name,
    files_of_folder,
    inside,
)
from llmq.weights import Weights

CONFIG_NAME = "config.json"
INDEX_NAME = "model.safetensors.index.json"
ADAPTER_NAME = "adapter_config.json"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint folder: its configuration and its tensors by name, in the order of the files."""

    path: Path
    config: dict[str, Any]
    tensors: dict[str, Weights]
    unheld: Mapping[str, str] = field(default_factory=dict)
    """Tensors that the index lists and no shard holds, with the shard that it names."""
    notes: tuple[str, ...] = ()
    """What is worth saying of the files."""

    @property
    def stored(self) -> list[TensorRef]:
        """Its tensors that lie in a file as they are."""
        return [tensor for tensor in self.tensors.values() if isinstance(tensor, TensorRef)]

    @property
    def name(self) -> str:
        """The model's name in file names."""
        return folder_name(self.path)


def folder_name(path: Path) -> str:
    """What a folder calls its model: the folder's name, or the repository's in the hub's cache.

    >>> folder_name(Path("models--me--my-tutor/snapshots/0123abc"))
    'my-tutor'
    >>> folder_name(Path("models--me--my-tutor/snapshots/0123abc/checkpoint-7"))
    'my-tutor-checkpoint-7'
    """
    home = path.resolve()
    for place in (home, *home.parents):
        if place.parent.name == "snapshots":  # models--OWNER--NAME/snapshots/REVISION
            name = place.parent.parent.name.rpartition("--")[2]
            return "-".join((name, *home.relative_to(place).parts))
    return home.name or "model"


def check_readable(weights: Weights) -> None:
    """Raise `WeightError` for a tensor of a type that cannot be read as float32."""
    if isinstance(weights, TensorRef):
        weights.readable()


def open_checkpoint(path: str | Path) -> Checkpoint:
    """Open a folder with config.json and one or many safetensors files; only headers are read."""
    path = Path(path)
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "there is no such folder"
        raise CheckpointError(f"{path}: {what}; name the folder that holds config.json")
    if (path / ADAPTER_NAME).is_file() and not any(path.glob("model*.safetensors")):
        raise CheckpointError(
            f"{path}: holds an adapter ({ADAPTER_NAME}) without its model; type: llmq convert BASE --lora"
            f" {path}"
        )
    if any(path.glob(f"{ORIGINAL}*.safetensors")) and not (path / CONFIG_NAME).exists():
        files_of_folder(path)  # says what is wrong, where these files are all there is
    config = read_json_object(path / CONFIG_NAME, CheckpointError)
    if (path / INDEX_NAME).exists():
        return _by_index(path, config)
    return _by_folder(path, config)


def _by_folder(path: Path, config: dict[str, Any]) -> Checkpoint:
    """The checkpoint of a folder without an index."""
    files, notes = files_of_folder(path)
    tensors: dict[str, TensorRef] = {}
    for file in files:
        _add(path, tensors, read_header(file))
    return Checkpoint(path, config, {**tensors}, notes=notes)


def _by_index(path: Path, config: dict[str, Any]) -> Checkpoint:
    """The checkpoint of all shards that the index names."""
    index_path = path / INDEX_NAME
    weight_map = read_json_object(index_path, CheckpointError).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise CheckpointError(f"{index_path}: has no weight_map")
    for name in weight_map.values():
        check_plain_name(path, name)
    if SINGLE_NAME not in weight_map.values() and (path / SINGLE_NAME).exists():
        raise CheckpointError(  # transformers would take the file, others the index
            f"{path}: holds {SINGLE_NAME} and an index of other files; remove the one not meant"
        )
    tensors: dict[str, TensorRef] = {}
    for shard in dict.fromkeys(weight_map.values()):
        _add(path, tensors, read_header(inside(path, shard)))
    unheld = {name: shard for name, shard in weight_map.items() if name not in tensors}
    unlisted = [name for name in tensors if name not in weight_map]
    return Checkpoint(path, config, {**tensors}, unheld, _on_unlisted(unlisted))


def _on_unlisted(names: list[str]) -> tuple[str, ...]:
    """What is said of tensors that the shards hold besides those of the index."""
    if not names:
        return ()
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return (f"{INDEX_NAME} does not list {names[0]}{more}, which the shards hold: read from there",)


def _add(path: Path, tensors: dict[str, TensorRef], held: Mapping[str, TensorRef]) -> None:
    """Add the tensors of one file, which must not have been in another."""
    for name, tensor in held.items():
        if name in tensors:
            raise CheckpointError(
                f"{path}: the tensor {name!r} is in {tensors[name].file.name} and {tensor.file.name}"
            )
        tensors[name] = tensor
