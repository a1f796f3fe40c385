"""A Hugging Face checkpoint: config.json and the tensors of its safetensors files.

Opening a checkpoint reads headers only. Nothing in the folder is executed or unpickled, and a shard
is a plain file of the folder itself: an index cannot lead anywhere else.
"""

import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from llmq.errors import CheckpointError
from llmq.files.json import read_json_object
from llmq.files.safetensors import TensorRef, read_header
from llmq.weights import Weights

SINGLE_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
ADAPTER_NAME = "adapter_config.json"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint folder: its configuration and its tensors by name, in the order of the files."""

    path: Path
    config: dict[str, Any]
    tensors: dict[str, Weights]

    @property
    def stored(self) -> list[TensorRef]:
        """Its tensors that lie in a file as they are."""
        return [tensor for tensor in self.tensors.values() if isinstance(tensor, TensorRef)]

    @property
    def name(self) -> str:
        """The model's name in file names."""
        return folder_name(self.path)

    @property
    def n_parameters(self) -> int:
        """The number of weights in all tensors."""
        return sum(prod(tensor.shape) for tensor in self.tensors.values())


def folder_name(path: Path) -> str:
    """What a folder calls its model: the folder's name, or the repository's in the hub's cache."""
    home = path.resolve()
    if home.parent.name == "snapshots":  # models--OWNER--NAME/snapshots/REVISION
        return home.parent.parent.name.rpartition("--")[2]
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
    config = read_json_object(path / "config.json", CheckpointError)
    index_path = path / INDEX_NAME
    if index_path.exists():
        return Checkpoint(path, config, _tensors_of_index(path, index_path))
    return Checkpoint(path, config, _tensors_of_folder(path))


def _tensors_of_folder(path: Path) -> dict[str, Weights]:
    """The tensors of all safetensors files of a folder without an index."""
    tensors: dict[str, TensorRef] = {}
    for shard in _shards(path):
        for name, tensor in read_header(shard).items():
            if name in tensors:
                raise CheckpointError(
                    f"{path}: the tensor {name!r} is in {tensors[name].file.name} and {shard.name}"
                )
            tensors[name] = tensor
    return {**tensors}


def _shards(folder: Path) -> list[Path]:
    """The safetensors files of a folder without an index, checked for gaps in their numbers."""
    files = sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("*.safetensors"))
    if not files:
        raise CheckpointError(
            f"{folder}: holds no *.safetensors file; other weight formats are not read"
        )
    numbered = [re.fullmatch(r".*-(\d+)-of-(\d+)\.safetensors", file.name) for file in files]
    if all(numbered):
        found = {int(match[1]) for match in numbered if match}
        total = max(int(match[2]) for match in numbered if match)
        for number in range(1, total + 1):
            if number not in found:
                raise CheckpointError(
                    f"{folder}: shard {number} of {total} is missing; fetch it again"
                )
    return [_inside(folder, file.name) for file in files]


def _tensors_of_index(folder: Path, index_path: Path) -> dict[str, Weights]:
    """The tensors of all shards that the index names, which must hold exactly what it says."""
    weight_map = read_json_object(index_path, CheckpointError).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise CheckpointError(f"{index_path}: has no weight_map")
    for name in weight_map.values():
        _check_plain(folder, name)
    if SINGLE_NAME not in weight_map.values() and (folder / SINGLE_NAME).exists():
        raise CheckpointError(  # transformers would take the file, others the index
            f"{folder}: holds {SINGLE_NAME} and an index of other files; remove the one not meant"
        )
    tensors: dict[str, Weights] = {}
    for shard_name in dict.fromkeys(weight_map.values()):
        shard = _inside(folder, shard_name)
        listed = {name for name, where in weight_map.items() if where == shard_name}
        held = read_header(shard)
        for name in sorted(listed.symmetric_difference(held)):
            where = "does not hold" if name in listed else "also holds"
            raise CheckpointError(
                f"{index_path}: {shard_name} {where} the tensor {name!r}; the two do not belong together"
            )
        tensors.update(held)
    return tensors


def _check_plain(folder: Path, name: Any) -> None:
    """Raise `CheckpointError` where `name` is anything but the plain name of a file."""
    if not isinstance(name, str) or not name or re.search(r"[/\\:\0]", name) or name in (".", ".."):
        raise CheckpointError(
            f"{folder}: the index names the shard {name!r}, which is not a plain file name"
        )


def _inside(folder: Path, name: str) -> Path:
    """The path of a shard, which must lie in the folder itself.

    The one link that is followed is the Hugging Face cache's own, from snapshots/REVISION to blobs.
    """
    path = folder / name
    try:
        found = path.is_file()
    except OSError as error:
        raise CheckpointError(f"{path}: the shard cannot be read ({error.strerror})") from None
    if not found:
        raise CheckpointError(f"{path}: the shard is missing; fetch it again")
    home = folder.resolve()
    allowed = [home]
    if home.parent.name == "snapshots":
        allowed.append(home.parent.parent / "blobs")
    if path.resolve().parent not in allowed:
        raise CheckpointError(
            f"{path}: the shard is a link to {path.resolve()}, outside the folder; copy the file here"
        )
    return path
