"""An architecture's metadata rows as keys of a GGUF file."""

from typing import Any

import numpy as np

from llmq.architectures.table import Config, MetadataRow
from llmq.errors import ArchitectureError
from llmq.files.gguf import Metadata


def rows_as_metadata(prefix: str, rows: tuple[MetadataRow, ...], settings: Config) -> Metadata:
    """The keys `PREFIX.KEY` of the rows that have a value.

    Raises `ArchitectureError` where a required value is missing or none that the type can hold.
    """
    result: Metadata = {}
    for row in rows:
        value = row.value(settings)
        if value is None:
            if row.required:
                raise ArchitectureError(f"config.json: nothing gives {prefix}.{row.key}")
            continue
        if row.kind is str:
            result[f"{prefix}.{row.key}"] = str(value)
        elif not _fits(value, np.dtype(row.kind)):
            raise ArchitectureError(
                f"config.json: {prefix}.{row.key} is {value!r} instead of a number from 0"
                f" ({np.dtype(row.kind)})"
            )
        else:
            result[f"{prefix}.{row.key}"] = row.kind(value)
    return result


def _fits(value: object, kind: np.dtype[Any]) -> bool:
    """Whether `value` is a number from 0 that this type of number can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if kind.kind == "f":
        return 0 <= value <= float(np.finfo(kind).max)
    return 0 <= value <= int(np.iinfo(kind).max) and value == int(value)
