"""Recorded values held to the types of their class: a report may come from anyone."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")
MOST = 1 << 63  # of any count or size


def typed(kind: type[Kind], record: Any) -> Kind:
    """The dataclass with these fields. Raises TypeError for one of another type, by its name.

    >>> from llmq_eval.model_file import ModelFile
    >>> typed(ModelFile, {"name": "a.gguf", "size_bytes": "9", "sha256": ""})
    Traceback (most recent call last):
    TypeError: size_bytes is '9'
    """
    if not isinstance(record, Mapping):
        raise TypeError(f"{kind.__name__} is {record!r:.40}")
    for name, hint in get_type_hints(kind).items():
        if name in record and not _fits(record[name], hint):
            raise TypeError(f"{name} is {record[name]!r:.40}")
    return kind(**record)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of the type that a class's field is annotated with."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in parts
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is tuple:  # of any length
        return isinstance(value, tuple) and all(_fits(item, parts[0]) for item in value)
    if origin is Mapping:
        pairs = value.items() if isinstance(value, Mapping) else [(None, None)]
        return all(_fits(key, parts[0]) and _fits(item, parts[1]) for key, item in pairs)
    if hint is int:
        return type(value) is int and 0 <= value < MOST
    return hint is Any or isinstance(value, hint)
