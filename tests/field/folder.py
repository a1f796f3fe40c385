"""Changes to a model folder, as people, tools and accidents make them: each is one small value."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

Step = Callable[[Path], None]
"""One change; what it is given is the folder."""


@contextmanager
def edited(path: Path) -> Iterator[dict[str, Any]]:
    """The object in a JSON file, written back afterwards; `{}` where there is no file."""
    data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    yield data
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def fields(name: str, /, **changes: Any) -> Step:
    """These fields of a JSON file are set."""

    def step(folder: Path) -> None:
        with edited(folder / name) as data:
            data.update(changes)

    return step


def without(name: str, *keys: str) -> Step:
    """These fields of a JSON file are gone."""

    def step(folder: Path) -> None:
        with edited(folder / name) as data:
            for key in keys:
                data.pop(key, None)

    return step


def config(**changes: Any) -> Step:
    """Fields of config.json."""
    return fields("config.json", **changes)


def settings(**changes: Any) -> Step:
    """Fields of tokenizer_config.json."""
    return fields("tokenizer_config.json", **changes)


def generation(**changes: Any) -> Step:
    """Fields of generation_config.json."""
    return fields("generation_config.json", **changes)


def tokenizer(change: Callable[[dict[str, Any]], None]) -> Step:
    """A change of tokenizer.json as data."""

    def step(folder: Path) -> None:
        with edited(folder / "tokenizer.json") as data:
            change(data)

    return step


def file(name: str, content: str | bytes) -> Step:
    """A file of this content, in place of what was there."""

    def step(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return step


def rewritten(name: str, change: Callable[[bytes], bytes]) -> Step:
    """The bytes of a file, changed."""

    def step(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return step


def gone(*names: str) -> Step:
    """Files that are not there."""

    def step(folder: Path) -> None:
        for name in names:
            (folder / name).unlink(missing_ok=True)

    return step


def weights(change: Callable[[dict[str, Any]], None], *, shards: int = 1) -> Step:
    """A change of all tensors by name, which are then saved as one file, or as many as asked."""

    def step(folder: Path) -> None:
        tensors: dict[str, Any] = {}
        for path in sorted(folder.glob("model*.safetensors")):
            tensors |= load_file(path)
            path.unlink()
        change(tensors)
        names = sorted(tensors)
        index: dict[str, str] = {}
        for number in range(shards):
            name = f"model-{number + 1:05}-of-{shards:05}.safetensors"
            held = names[number::shards]
            save_file({key: tensors[key] for key in held}, folder / name)
            index |= dict.fromkeys(held, name)
        table = {"metadata": {}, "weight_map": index}
        (folder / "model.safetensors.index.json").write_text(json.dumps(table))

    return step
