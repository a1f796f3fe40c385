"""Paths that a command was given: what is wrong with one, and what to type instead.

Asked before anything is opened. What a file holds is judged by those who read it.
"""

import os
import re
import shlex
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from llmq.errors import PathError
from llmq.files.gguf import MAGIC
from llmq.files.parts import parts_of
from llmq.sources.hub.ids import HubId, hub_id
from llmq.spelling import nearest
from llmq.suites import is_dataset

MODEL = "name the folder that holds config.json, a GGUF file, or a model of the hub as org/name"
CONFIG = "config.json"  # what makes a folder a checkpoint
ADAPTER = "adapter_config.json"
SEEN_NAMES = 2000  # of a folder in which a name is looked for

# Files that are a part of a model, by their suffix; they may be GGUF all the same.
PART = "is one file of a checkpoint; name its folder, {folder}"
PICKLE = (
    "holds weights in PyTorch's own form, which is not read; save the model with save_pretrained"
    " (safetensors) and name that folder"
)
PARTS = {".safetensors": PART, ".json": PART, ".bin": PICKLE, ".pt": PICKLE, ".pth": PICKLE}


def check_model(path: Path) -> None:
    """Raise `PathError` where `path` is neither a folder nor a file that could be a model."""
    check_exists(path)
    if path.is_dir() and not (path / CONFIG).exists():
        _check_holds_nothing_else(path)
    _check_no_part(path)


def check_gguf(path: Path, *, use: str = "llmq chat") -> None:
    """Raise `PathError` where `path` is no file that could be GGUF.

    `use` is the command that wants it, up to its name.
    """
    check_exists(path, what="name a GGUF file")
    if path.is_dir():
        _check_holds_nothing_else(path)
        raise PathError(f"{path}: {_on_folder(path, use)}")
    _check_no_part(path)


def check_parts(path: Path) -> None:
    """Raise `PathError` where `path` is not the first part of a split model, or others lack."""
    parts = parts_of(path)
    if path not in parts:  # a name that numbers no parts
        return
    for number, part in enumerate(parts, start=1):
        if not part.exists():
            raise PathError(
                f"{part}: part {number} of {len(parts)} is missing; put it beside {path.name}"
            )
    if path != parts[0]:
        number = parts.index(path) + 1
        raise PathError(f"{path}: is part {number} of {len(parts)}; name the first, {parts[0]}")


def check_drift(base: Path, quants: Sequence[Path], *, verb: str = "drift") -> None:
    """Raise `PathError` where these are no original and files to hold against it."""
    check_model(base)
    check_parts(base)
    for quant in quants:
        if quant.is_dir() and base.is_file() and (quant / CONFIG).exists():
            order = f"llmq {verb} {typed(quant)} {typed(base)}"
            raise PathError(
                f"{quant}: is a checkpoint folder, and the original comes first: {order}"
            )
        check_gguf(quant, use=f"llmq {verb} {typed(base)}")
        check_parts(quant)


def check_suite(name: str, built_in: Sequence[str]) -> None:
    """Raise `PathError` where `name` is no built-in suite, no dataset and no file."""
    if name not in built_in and not is_dataset(name):
        wanted = f"built in are {', '.join(built_in)}"
        check_exists(Path(name), "suite", also=built_in, what=wanted)


def check_exists(
    path: Path, kind: str = "", *, also: Sequence[str] = (), what: str = MODEL
) -> None:
    """Raise `PathError` where there is no `path`, with what may have been meant.

    `kind` is said of it where it is no model, `also` are names that stand beside the files, and
    `what` is said where nothing is like it.
    """
    if path.exists():
        return
    if path.is_symlink():
        raise PathError(f"{path}: is a link to {path.readlink()}, which is not there")
    if not kind and (fetched := _how_to_fetch(path)):
        raise PathError(fetched)
    missing = f"there is no {kind} {path}" if kind else f"there is no {path}"
    raise PathError(f"{missing}{_instead(path, also) or f'; {what}'}")


def typed(path: Path) -> str:
    """A path as it is typed in a command."""
    if os.name == "nt":
        return f'"{path}"' if " " in str(path) else str(path)
    return shlex.quote(str(path))


def _check_no_part(path: Path) -> None:
    """Refuse a file that is a part of a model; a pipe or a device is left to who reads it."""
    what = PARTS.get(path.suffix.lower())
    if what is None or not path.is_file():
        return
    with path.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            return
    raise PathError(f"{path}: {what.format(folder=path.parent.resolve().name)}")


def _check_holds_nothing_else(folder: Path) -> None:
    """Refuse a folder in which the model lies deeper, or is a GGUF file."""
    inside = [
        *sorted(folder.glob("*.gguf")),
        *sorted({c.parent for name in (CONFIG, ADAPTER) for c in folder.glob(f"*/{name}")}),
    ]
    if inside and not any((folder / name).exists() for name in (CONFIG, ADAPTER)):
        more = f" (or another of {len(inside)})" if len(inside) > 1 else ""
        raise PathError(f"{folder}: is a folder; name the model in it: {inside[0]}{more}")


def _on_folder(folder: Path, use: str) -> str:
    """What to type where a folder stands for the file that is made of it."""
    from llmq.defaults import RECIPE
    from llmq.outputs import default_name
    from llmq.sources.checkpoint import folder_name

    if not (folder / CONFIG).exists():
        if (folder / ADAPTER).exists():
            return f"is an adapter; type: llmq convert {typed(folder)}, then name the file that it makes"
        return "is a folder without a model; name a GGUF file"
    made = Path(default_name(folder_name(folder), RECIPE))
    if made.exists():
        return f"is a checkpoint folder; {made} is made of it: {use} {typed(made)}"
    return f"is a checkpoint folder; type: llmq convert {typed(folder)}, then {use} {typed(made)}"


def _instead(path: Path, also: Sequence[str]) -> str:
    """What may have been meant by a path that leads nowhere."""
    parent, name = path.parent, path.name
    while not parent.exists() and parent != parent.parent:
        parent, name = parent.parent, parent.name
    near = _nearest(parent, name, also)
    if parent != path.parent:
        meant = parent / near / path.relative_to(parent / name)
        hint = f"; did you mean {meant if meant.exists() else parent / near}?" if near else ""
        return f", as there is no folder {parent / name}{hint}"
    made = _on_unmade(path, near)
    if made or not near:
        return made
    return f"; did you mean {near if near in also else parent / near}?"


def _nearest(folder: Path, name: str, also: Sequence[str]) -> str:
    """The name in `folder`, or of `also`, that is most like `name`, in any case."""
    try:
        names = [entry.name for entry in islice(folder.iterdir(), SEEN_NAMES)]
    except OSError:  # it is no folder, or not to be read
        names = []
    visible = [*also, *(each for each in names if not each.startswith("."))]
    suffix = Path(name).suffix  # that two files share theirs makes them no more alike

    def word(text: str) -> str:
        return text.removesuffix(suffix).casefold()

    known = {word(each): each for each in reversed(visible)}
    return next((known[each] for each in nearest(word(name), known, n=1)), "")


def on_hub(path: Path) -> HubId | None:
    """The model of the hub that a path means, unless one in a folder that is here is meant."""
    wanted = hub_id(path)
    if wanted is None:
        return None
    near = _nearest(Path(), wanted.repo.partition("/")[0], ())
    return None if near and (Path(near) / wanted.name).exists() else wanted


def _how_to_fetch(path: Path) -> str:
    """How a model gets here whose name or address on the hub was given."""
    wanted = on_hub(path)
    if wanted is None:
        return ""
    type_it = f"llmq convert {wanted} fetches it"
    if "gguf" in wanted.name.lower():
        fetch = f'hf download {wanted.repo} --local-dir {wanted.name} --include "*Q4_K_M*"'
        type_it = f"type: {fetch}, then name the file that comes"
    return f"there is no {wanted} on this disk; {type_it}"


def _on_unmade(path: Path, near: str) -> str:
    """How a GGUF file is made of the folder that has its name, unless `near` is the file meant."""
    from llmq.defaults import RECIPE
    from llmq.outputs import default_name
    from llmq.recipes.table import RECIPES

    match = re.fullmatch(rf"(.+?)(?:-({'|'.join(RECIPES)}))?\.gguf", path.name)
    if match is None or not (folder := path.with_name(match[1])).is_dir():
        return ""
    if near.endswith(".gguf") and not match[2]:
        return ""
    made = path if match[2] else path.with_name(default_name(match[1], RECIPE))
    options = f" --recipe {match[2]}" if match[2] else ""
    options += f" -o {typed(made)}" if made.parent != Path() else ""
    return f", but a folder {folder}: llmq convert {typed(folder)}{options} makes {made}"
