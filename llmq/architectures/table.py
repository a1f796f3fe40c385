"""What an architecture is: a value made of rows.

`Architecture.tensors` has one row per tensor of the checkpoint; `{i}` in a row stands for every layer.
A row names the tensor on both sides, its shape in terms of the model's sizes, the condition under which
it exists, and what has to happen to its rows on the way. `metadata` has one row per key of the GGUF
file, `computed` one per tensor that exists only there. A relative is `dataclasses.replace` of an
architecture with the rows that differ. `refused` gives the reason why a configuration cannot be
converted, `window` how many tokens back its attention reaches where that is limited. `defaults` are
those of its transformers class, for fields that a configuration leaves out; `ignored` maps patterns of
tensors that nothing reads to the reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.errors import ArchitectureError

Config = Mapping[str, Any]
Sizes = Mapping[str, int]
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Transform:
    """A change of a tensor's rows that works on groups of `unit` rows, each group by itself."""

    name: str
    unit: int
    apply: Callable[[Rows, int], Rows]

    def __call__(self, rows: Rows) -> Rows:
        """`rows` (a multiple of `unit` rows) changed; the shape stays."""
        return self.apply(rows, self.unit)


def rope_pairs(rows: Rows, head_size: int) -> Rows:
    """Interleave the two halves of every head: row j and row j + head_size/2 become neighbours.

    Hugging Face rotates the halves of a head against each other, llama.cpp's NORM rope rotates
    neighbours (`LLAMA_ROPE_TYPE_NORM` in llama.h).
    """
    heads = rows.reshape(-1, 2, head_size // 2, rows.shape[1])
    return np.ascontiguousarray(heads.swapaxes(1, 2)).reshape(rows.shape)


# The transforms a row can ask for, by name: the size that gives the unit, and the function.
TRANSFORMS: Mapping[str, tuple[str, Callable[[Rows, int], Rows]]] = {
    "rope_pairs": ("head", rope_pairs),
}


def always(config: Config) -> bool:  # noqa: ARG001  # the signature of every condition
    """The condition of a tensor that every model of the family has."""
    return True


def no_window(config: Config) -> None:
    """Attention reaches back to the first token."""


@dataclass(frozen=True)
class TensorRow:
    """One tensor, or with `{i}` in its names one of every layer."""

    source: str
    target: str
    shape: tuple[str, ...]
    transform: str | None = None
    present: Callable[[Config], bool] = always
    twin: str | None = None
    """The tensor that this one must repeat where it is in the checkpoint and not `present`."""

    def transform_for(self, sizes: Sizes) -> Transform | None:
        """What happens to the rows in a model of these sizes."""
        if self.transform is None:
            return None
        unit, apply = TRANSFORMS[self.transform]
        return Transform(self.transform, sizes[unit], apply)


@dataclass(frozen=True)
class MetadataRow:
    """One key of the file: `value` takes the configuration and gives None where the key is absent."""

    key: str
    kind: type[np.generic] | type[str]
    value: Callable[[Config], Any]
    required: bool = False


@dataclass(frozen=True)
class Architecture:
    """A family of models: its name in GGUF, its class in transformers, and its rows."""

    name: str
    hf_name: str
    sizes: Callable[[Config], Sizes]
    tensors: tuple[TensorRow, ...]
    metadata: tuple[MetadataRow, ...]
    late_metadata: tuple[MetadataRow, ...]
    computed: Mapping[str, Callable[[Config], Rows | None]]
    refused: Callable[[Config], str | None]
    window: Callable[[Config], object]
    defaults: Mapping[str, Any]
    ignored: Mapping[str, str]

    def settings(self, config: Config) -> Config:
        """The configuration with the defaults of the transformers class where it says nothing.

        A null says something: none, or that the value follows from others.
        """
        settings = {**self.defaults, **config}
        return {name: value for name, value in settings.items() if value is not None}


def field(name: str) -> Callable[[Config], Any]:
    """The value of a configuration field, or None."""
    return lambda config: config.get(name)


def required_int(config: Config, name: str, default: int | None = None) -> int:
    """A positive whole number from the configuration; `ArchitectureError` names what is wrong."""
    value = config.get(name)
    if value is None and default is not None:
        return default
    if type(value) is not int or value < 1:
        raise ArchitectureError(
            f"config.json: {name} is {value!r} instead of a positive whole number"
        )
    return value
