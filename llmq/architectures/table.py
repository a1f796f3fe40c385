"""What an architecture is: a value made of rows.

`Architecture.tensors` has one row per tensor of the checkpoint; `{i}` in a row stands for every
layer. A row names the tensor on both sides, its shape in terms of the model's sizes, the condition
under which it exists, and what happens to its rows on the way. `metadata` has one row per key of
the GGUF file, `computed` one per tensor that exists only there. A family is a file of such rows; a
close relative is `dataclasses.replace` of another family with the rows that differ.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.errors import ArchitectureError
from llmq.tokenizer.family_rules import NO_RULES, FamilyRules
from llmq.views import Stacked
from llmq.weights import Rows, Weights

Config = Mapping[str, Any]


class Settings(dict[str, Any]):
    """Settings of which one that is asked for and not there is an error of the folder."""

    def __missing__(self, name: str) -> Any:
        raise ArchitectureError(f"config.json: {name} is missing or null")


Sizes = Mapping[str, int]
Array = NDArray[Any]
LAYER, EXPERT = "{i}", "{e}"
OF_THE_WHOLE = ("tie_word_embeddings",)  # `get_expanded_tied_weights_keys` in modeling_utils.py
Refusal = Callable[[Config], str | None]
"""A check of a model's settings: the reason why it cannot be converted, or None."""


@dataclass(frozen=True)
class Transform:
    """A change of a tensor's rows that works on groups of `unit` rows, each group by itself.

    A transform travels to worker processes: `apply` is a function of a module, not a lambda.
    """

    unit: int
    apply: Callable[[Array, int], Array]
    moves_rows: bool = False
    """It only puts rows, or whole blocks of 32 columns, into another order: stored blocks stay."""

    def __call__(self, rows: Array) -> Array:
        """`rows`, shape (multiple of `unit`, n_in), changed; the shape stays."""
        return self.apply(rows, self.unit)


def always(config: Config) -> bool:  # noqa: ARG001  # the signature of every condition
    """The condition of a tensor that every model of the family has."""
    return True


def no_other(config: Config) -> None:
    """One table for all models of a class."""


def no_window(config: Config) -> None:
    """Attention goes back to the first token, or llama.cpp's graph applies the window itself."""


@dataclass(frozen=True)
class TensorRow:
    """One tensor, or with `{i}` in its names one of every layer.

    `source` is its name in the checkpoint, `target` that in the GGUF file, `shape` names sizes.
    With `{e}` in `source` it is one of every expert, and the file holds them as one tensor. Rows
    may share a source, of which each has a part, or have other shapes in other layers.
    """

    source: str
    target: str
    shape: tuple[str, ...]
    """In the checkpoint; of one expert."""
    transform: Callable[[Sizes], Transform | None] | None = None
    """Makes the transform for a model of these sizes, where it needs one."""
    view: Callable[[Weights, Sizes], Weights] | None = None
    """Another look at the stored weights (llmq/views.py), before the transform."""
    present: Callable[[Config], bool] = always
    layers: Callable[[Config], Collection[int]] | None = None
    """The layers that have it; None for all."""
    twin: str | None = None
    """The tensor that this one must repeat where it is in the checkpoint and not `present`."""

    def sources(self, sizes: Sizes) -> list[str]:
        """The names of its tensors in the checkpoint: one, or one for each expert."""
        if EXPERT not in self.source:
            return [self.source]
        return [self.source.replace(EXPERT, str(expert)) for expert in range(sizes["experts"])]

    def looked_at(self, found: Sequence[Weights], sizes: Sizes) -> Weights:
        """What the file gets of the tensors found under `sources`."""
        weights = Stacked(tuple(found)) if EXPERT in self.source else found[0]
        return self.view(weights, sizes) if self.view else weights

    def transform_for(self, sizes: Sizes) -> Transform | None:
        """What happens to the tensor's rows in a model of these sizes; None where they stay."""
        return self.transform(sizes) if self.transform else None


@dataclass(frozen=True)
class Unfused:
    """A tensor with the matrices of all experts, as the tensors that rows with `{e}` look for."""

    pattern: str
    """Of its name."""
    parts: tuple[str, ...]
    """Names of the matrices that each expert has in it, one behind the other."""


@dataclass(frozen=True)
class MetadataRow:
    """One key of the file: `value` takes the settings and gives None where the key is absent.

    A list or tuple becomes an array of this kind.
    """

    key: str
    kind: type[np.generic] | type[str] | type[bool]
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
    early_metadata: tuple[MetadataRow, ...] = ()
    """Keys that llama.cpp's converter writes before those of the model's name and makers."""
    late_metadata: tuple[MetadataRow, ...] = ()
    """Keys that llama.cpp's converter writes after `general.file_type`."""
    computed: Mapping[str, Callable[[Config], Rows | None]] = field(default_factory=dict)
    """Tensors of the file alone, by name; None where a model has no need of one."""
    refusals: tuple[Refusal, ...] = ()
    """Checks in order; the first reason found counts."""
    window: Callable[[Config], object] = no_window
    """The tokens that attention looks back, where llama.cpp's graph does not apply that limit."""
    remarks: tuple[Callable[[Config], str | None], ...] = ()
    """What is said of a model that llama.cpp computes otherwise in some use; None for nothing."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Those of the transformers class, for settings that a configuration leaves out."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Patterns of names in checkpoints and what replaces them, before rows are looked for."""
    unfused: tuple[Unfused, ...] = ()
    """Tensors that are taken apart before rows are looked for, where a checkpoint has them."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Patterns of tensors that nothing reads, with the reason."""
    instead: Callable[[Config], "Architecture | None"] = no_other
    """Another table for some models of the class."""
    models: str = ""
    """Which models are published as this class."""
    nested: str | None = None
    """In a model of several parts, the field of config.json with the language model's settings."""
    walked: bool = True
    """Whether llmq.calibration can compute it layer by layer, as `--quality good` and `best` do."""
    tokenizer: FamilyRules = NO_RULES
    """What llama.cpp's converter does to this family's tokenizers alone."""

    def settings(self, config: Config) -> Config:
        """The language model's settings in `config` (a config.json), with the family's defaults.

        A null says something: none, or that the value follows from others. Nested settings win over
        those around them (`ModelBase.__init__` in llama.cpp's conversion/base.py), but for those
        that are about the whole model.
        Raises `ArchitectureError` where the nested settings are no object.
        """
        if self.nested is not None:
            inner = config.get(self.nested)
            if not isinstance(inner, Mapping):
                raise ArchitectureError(
                    f"config.json: {self.nested!r} is {inner!r:.40} instead of an object"
                )
            whole = {name: config[name] for name in OF_THE_WHOLE if name in config}
            config = {**config, **inner, **whole}
        settings = {**self.defaults, **config}
        return Settings((name, value) for name, value in settings.items() if value is not None)

    def rows(self, settings: Config, layers: int) -> list[TensorRow]:
        """A row for every tensor: the first with `{i}` stands for all layers of all such rows.

        Layers that do not have a tensor are left out; the condition `present` is not asked.
        """
        inside = [
            (row, _places(row, settings, layers)) for row in self.tensors if LAYER in row.source
        ]
        first = next(n for n, row in enumerate(self.tensors) if LAYER in row.source)
        repeated = [
            replace(
                row,
                source=row.source.replace(LAYER, str(layer)),
                target=row.target.replace(LAYER, str(layer)),
            )
            for layer in range(layers)
            for row, places in inside
            if layer in places
        ]
        after = [row for row in self.tensors[first:] if LAYER not in row.source]
        return [*self.tensors[:first], *repeated, *after]


def _places(row: TensorRow, settings: Config, layers: int) -> Collection[int]:
    """The layers that have the tensor of this row."""
    return range(layers) if row.layers is None else frozenset(row.layers(settings))


def setting(name: str, default: float | None = None) -> Callable[[Config], Any]:
    """A metadata value: the setting of this name, or the default; a list is not one."""

    def value(config: Config) -> Any:
        found = config.get(name, default)
        if isinstance(found, list):
            raise ArchitectureError(f"config.json: {name} is {found!r:.40} instead of one value")
        return found

    return value


def switch(name: str) -> Callable[[Config], bool]:
    """A condition: the setting of this name is there and true."""
    return lambda config: bool(config.get(name))


def required_int(config: Config, name: str, default: int | None = None) -> int:
    """A positive whole number from the settings; `ArchitectureError` names what is wrong."""
    value = config.get(name)
    if value is None and default is not None:
        return default
    if type(value) is not int or not 0 < value < 1 << 32:  # which sizes have in a GGUF file
        raise ArchitectureError(
            f"config.json: {name} is {value!r:.40} instead of a positive whole number"
        )
    return value
