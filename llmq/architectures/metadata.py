"""An architecture's metadata rows as keys of a GGUF file."""

from typing import Any

import numpy as np

from llmq.architectures.table import Config, MetadataRow
from llmq.errors import ArchitectureError
from llmq.files.gguf import Metadata, MetaValue


def rows_as_metadata(prefix: str, rows: tuple[MetadataRow, ...], settings: Config) -> Metadata:
    """The keys `PREFIX.KEY` of the rows that have a value.

    Raises `ArchitectureError` where a required value is missing or none that the type can hold.
    """
    result: Metadata = {}
    for row in rows:
        value, key = row.value(settings), f"{prefix}.{row.key}"
        if value is not None:
            result[key] = _meta_value(key, row.kind, value)
        elif row.required:
            raise ArchitectureError(f"config.json: nothing gives {key}")
    return result


def _meta_value(key: str, kind: type[Any], value: Any) -> MetaValue:
    """The value, or the array of values, as this kind."""
    if kind is str:
        return str(value)
    numbers = value if isinstance(value, list | tuple) else [value]
    wrong = [number for number in numbers if not _fits(number, kind)]
    if wrong:
        wanted = "yes or no" if kind is bool else f"a number from 0 ({np.dtype(kind)})"
        raise ArchitectureError(f"config.json: {key} is {wrong[0]!r:.40} instead of {wanted}")
    if numbers is value:
        return list(numbers) if kind is bool else np.array(numbers, kind)
    converted: MetaValue = kind(value)
    return converted


def _fits(value: object, kind: type[Any]) -> bool:
    """Whether `value` is one of this kind: yes or no, or a number from 0 that it can hold."""
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    if not isinstance(value, int | float):
        return False
    if np.dtype(kind).kind == "f":
        return 0 <= value <= float(np.finfo(kind).max)
    return 0 <= value <= int(np.iinfo(kind).max) and value == int(value)
