"""Which files of a checkpoint folder hold its weights, and that they lie where they may.

A shard is a plain file of the folder itself: an index cannot lead anywhere else. The links that are
followed are the Hugging Face cache's own, into the `blobs` of a model there.
"""

import re
from pathlib import Path
from typing import Any

from llmq.errors import CheckpointError

SINGLE_NAME = "model.safetensors"
SUFFIX = ".safetensors"
NUMBERED = re.compile(r"(?P<before>.*)-(?P<number>\d+)-of-(?P<count>\d+)(?P<after>.*)\.safetensors")
PLAIN = re.compile(r"model(-\d+-of-\d+)?\.safetensors")  # as save_pretrained without a variant
ORIGINAL = "consolidated"  # the makers' own files, with names of their own
# What else a folder holds weights in, and how they become *.safetensors.
OTHER_FORMS = {
    "pytorch_model*.bin": "PyTorch's own form is not read: save the model with save_pretrained",
    "*/*.distcp": "the parts that FSDP leaves are joined by: accelerate merge-weights",
    "global_step*": "the parts that DeepSpeed leaves are joined by: python zero_to_fp32.py"
    " --safe_serialization . OUT",
    "*.gguf": "it holds a GGUF file, which is named itself",
}
OTHERS = (ORIGINAL, "adapter", ".")  # how files that are no part of the model begin


def files_of_folder(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The files with the weights of a folder without an index; and what is left out."""
    found = sorted(f for f in folder.glob(f"*{SUFFIX}") if not f.name.startswith(OTHERS))
    known = [file for file in found if file.name.startswith("model")] or found
    files = [file for file in known if PLAIN.fullmatch(file.name)] or known
    if not files:
        raise CheckpointError(f"{folder}: {_on_no_file(folder)}")
    names = [file.name for file in files]
    if SINGLE_NAME in names and len(files) > 1:
        raise CheckpointError(
            f"{folder}: holds {SINGLE_NAME} and {names[0]}; remove the one not meant"
        )
    _check_complete(folder, names)
    left = [file.name for file in known if file not in files]
    notes = (f"{', '.join(left)} beside {names[0]}: left out",) if left else ()
    return [inside(folder, name) for name in names], notes


def _on_no_file(folder: Path) -> str:
    """What is wrong with a folder without weights."""
    original = sorted(folder.glob(f"{ORIGINAL}*{SUFFIX}"))
    if original:
        return (
            f"{original[0].name} holds the weights in their makers' own form, which is not read; fetch"
            f" {SINGLE_NAME} (or its shards) and config.json, which transformers reads too"
        )
    remedy = next((words for name, words in OTHER_FORMS.items() if any(folder.glob(name))), None)
    return f"holds no *.safetensors file; {remedy or 'other weight formats are not read'}"


def _check_complete(folder: Path, names: list[str]) -> None:
    """Raise `CheckpointError` where the numbers of the shards have gaps."""
    numbered = [NUMBERED.fullmatch(name) for name in names]
    if not all(numbered):
        return
    found = {int(match["number"]) for match in numbered if match}
    total = max(int(match["count"]) for match in numbered if match)
    missing = next((number for number in range(1, total + 1) if number not in found), None)
    if missing is not None:
        raise CheckpointError(f"{folder}: shard {missing} of {total} is missing; fetch it again")


def check_plain_name(folder: Path, name: Any) -> None:
    """Raise `CheckpointError` where `name` is anything but the plain name of a file."""
    if not isinstance(name, str) or not name or re.search(r"[/\\:\0]", name) or name in (".", ".."):
        raise CheckpointError(
            f"{folder}: the index names the shard {name!r}, which is not a plain file name"
        )


def inside(folder: Path, name: str) -> Path:
    """The path of a shard, which must lie in the folder itself or in the hub's cache."""
    path = folder / name
    try:
        found = path.is_file()
    except OSError as error:
        raise CheckpointError(f"{path}: the shard cannot be read ({error.strerror})") from None
    if not found:
        raise CheckpointError(f"{path}: the shard is missing; fetch it again")
    home, real = folder.resolve(), path.resolve()
    if real.parent != home and real.parent not in _stores(home) and not _is_blob(real):
        raise CheckpointError(
            f"{path}: the shard is a link to {real}, outside the folder; copy the file here"
        )
    return path


def _stores(home: Path) -> list[Path]:
    """The blobs that a folder of a cache may lead to: it is a snapshot, or lies in one."""
    return [place.parent / "blobs" for place in home.parents if place.name == "snapshots"]


def _is_blob(file: Path) -> bool:
    """Whether this is the cached content of a model's file: models--OWNER--NAME/blobs/HASH."""
    store = file.parent
    return store.name == "blobs" and store.parent.name.startswith("models--")
