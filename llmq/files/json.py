"""Reading JSON files that strangers wrote: bounded, without duplicate names, one clear error."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from llmq.errors import LlmqError
from llmq.files.plain import check_plain
from llmq.files.stand_ins import check_no_stand_in


def read_json_object(
    path: Path, error: type[LlmqError], *, max_bytes: int = 1 << 28
) -> dict[str, Any]:
    """The object in the file `path`; every defect becomes an `error` that names the file."""
    check_plain(path, error)
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise error(f"{path}: {size} bytes are more than the {max_bytes} allowed for this file")
        data = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path}: the file is missing") from None
    except OSError as reason:
        raise error(f"{path}: cannot be read ({reason.strerror})") from None
    check_no_stand_in(path, data, error)
    return parse_json_object(data, path, error)


def parse_json_object(data: bytes, path: Path, error: type[LlmqError]) -> dict[str, Any]:
    """The object that `data` (UTF-8) holds; `path` is only named in errors."""
    result = parse_json(data, path, error)
    if not isinstance(result, dict):
        raise error(f"{path}: holds a JSON {type(result).__name__} instead of an object")
    return result


def parse_json(data: bytes, path: Path, error: type[LlmqError]) -> object:
    """What `data` (UTF-8) holds, of whatever type; `path` is only named in errors."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counts.items() if count > 1)
            raise ValueError(f"the name {twice!r} stands twice")
        return result

    try:
        return json.loads(data, object_pairs_hook=unique)
    except RecursionError:
        raise error(f"{path}: its JSON is nested too deeply") from None
    except ValueError as reason:  # also UnicodeDecodeError and numbers of absurd length
        raise error(f"{path}: not valid JSON ({reason})") from None
