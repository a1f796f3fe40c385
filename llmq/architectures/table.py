"""What an architecture is: a value made of rows.

`Architecture.tensors` has one row per tensor of the checkpoint; `{i}` in a row stands for every
layer. A row names the tensor on both sides, its shape in terms of the model's sizes, the condition
under which it exists, and what happens to its rows on the way. `metadata` has one row per key of
the GGUF file, `computed` one per tensor that exists only there. A family is a file of such rows; a
close relative is `dataclasses.replace` of another family with the rows that differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.errors import ArchitectureError
from llmq.tokenizer.family_rules import NO_RULES, FamilyRules

Config = Mapping[str, Any]
Sizes = Mapping[str, int]
Rows = NDArray[np.float32]
Refusal = Callable[[Config], str | None]
"""A check of a model's settings: the reason why it cannot be converted, or None."""


@dataclass(frozen=True)
class Transform:
    """A change of a tensor's rows that works on groups of `unit` rows, each group by itself.

    A transform travels to worker processes: `apply` is a function of a module, not a lambda.
    """

    unit: int
    apply: Callable[[Rows, int], Rows]

    def __call__(self, rows: Rows) -> Rows:
        """`rows`, shape (multiple of `unit`, n_in), changed; the shape stays."""
        return self.apply(rows, self.unit)


def always(config: Config) -> bool:  # noqa: ARG001  # the signature of every condition
    """The condition of a tensor that every model of the family has."""
    return True


def no_window(config: Config) -> None:
    """Attention goes back to the first token, or llama.cpp's graph applies the window itself."""


@dataclass(frozen=True)
class TensorRow:
    """One tensor, or with `{i}` in its names one of every layer.

    `source` is its name in the checkpoint, `target` that in the GGUF file, `shape` names sizes.
    """

    source: str
    target: str
    shape: tuple[str, ...]
    transform: Callable[[Sizes], Transform] | None = None
    """Makes the transform for a model of these sizes."""
    present: Callable[[Config], bool] = always
    twin: str | None = None
    """The tensor that this one must repeat where it is in the checkpoint and not `present`."""

    def transform_for(self, sizes: Sizes) -> Transform | None:
        """What happens to the tensor's rows in a model of these sizes; None where they stay."""
        return self.transform(sizes) if self.transform else None


@dataclass(frozen=True)
class MetadataRow:
    """One key of the file: `value` takes the settings and gives None where the key is absent."""

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
    late_metadata: tuple[MetadataRow, ...] = ()
    """Keys that llama.cpp's converter writes after `general.file_type`."""
    computed: Mapping[str, Callable[[Config], Rows | None]] = field(default_factory=dict)
    """Tensors of the file alone, by name; None where a model has no need of one."""
    refusals: tuple[Refusal, ...] = ()
    """Checks in order; the first reason found counts."""
    window: Callable[[Config], object] = no_window
    """The tokens that attention looks back, where llama.cpp's graph does not apply that limit."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Those of the transformers class, for settings that a configuration leaves out."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Patterns of tensors that nothing reads, with the reason."""
    nested: str | None = None
    """In a model of several parts, the field of config.json with the language model's settings."""
    tokenizer: FamilyRules = NO_RULES
    """What llama.cpp's converter does to this family's tokenizers alone."""

    def settings(self, config: Config) -> Config:
        """The language model's settings in `config` (a config.json), with the family's defaults.

        A null says something: none, or that the value follows from others. Nested settings win over
        those around them (`ModelBase.__init__` in llama.cpp's conversion/base.py).
        Raises `ArchitectureError` where the nested settings are no object.
        """
        if self.nested is not None:
            inner = config.get(self.nested)
            if not isinstance(inner, Mapping):
                raise ArchitectureError(
                    f"config.json: {self.nested!r} is {inner!r:.40} instead of an object"
                )
            config = {**config, **inner}
        settings = {**self.defaults, **config}
        return {name: value for name, value in settings.items() if value is not None}

    def rows(self, layers: int) -> list[TensorRow]:
        """A row for every tensor: the first with `{i}` stands for all layers of all such rows."""
        inside = [row for row in self.tensors if "{i}" in row.source]
        first = self.tensors.index(inside[0])
        repeated = [
            replace(row, source=row.source.format(i=layer), target=row.target.format(i=layer))
            for layer in range(layers)
            for row in inside
        ]
        after = [row for row in self.tensors[first:] if "{i}" not in row.source]
        return [*self.tensors[:first], *repeated, *after]


def setting(name: str) -> Callable[[Config], Any]:
    """A metadata value: the setting of this name, or None."""
    return lambda config: config.get(name)


def switch(name: str) -> Callable[[Config], bool]:
    """A condition: the setting of this name is there and true."""
    return lambda config: bool(config.get(name))


def required_int(config: Config, name: str, default: int | None = None) -> int:
    """A positive whole number from the settings; `ArchitectureError` names what is wrong."""
    value = config.get(name)
    if value is None and default is not None:
        return default
    if type(value) is not int or value < 1:
        raise ArchitectureError(
            f"config.json: {name} is {value!r} instead of a positive whole number"
        )
    return value
