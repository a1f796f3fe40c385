"""Layers of several kinds: which tensors which of them have."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from llmq.architectures.table import Config, Refusal, TensorRow, required_int
from llmq.errors import ArchitectureError

Kinds = Callable[[Config], list[str]]
"""The kind of every layer, by the settings."""


def listed(config: Config, field: str, usual: Sequence[str]) -> list[str]:
    """The kinds that the setting `field` lists; `usual` where it is not there.

    Raises `ArchitectureError` for what is no list of names.
    """
    found = config.get(field, usual)
    if not isinstance(found, list | tuple) or not all(isinstance(kind, str) for kind in found):
        raise ArchitectureError(f"config.json: {field} is {found!r:.60} instead of a list of names")
    return list(found)


def layers_of(kinds: Kinds, kind: str) -> Callable[[Config], Collection[int]]:
    """The layers of this kind."""
    return lambda config: [n for n, found in enumerate(kinds(config)) if found == kind]


def in_layers(
    rows: tuple[TensorRow, ...], layers: Callable[[Config], Collection[int]]
) -> tuple[TensorRow, ...]:
    """The rows, in these layers alone."""
    return tuple(replace(row, layers=layers) for row in rows)


def kinds_refusal(kinds: Kinds, *known: str) -> Refusal:
    """The check that every layer is of one of the kinds `known`."""

    def reason(config: Config) -> str | None:
        found, layers = kinds(config), required_int(config, "num_hidden_layers")
        strange = sorted(set(found) - set(known))
        if strange:
            return f"layer_types has {strange[0]!r}, and known are {' and '.join(known)}"
        if len(found) != layers:
            return f"layer_types has {len(found)} entries, and num_hidden_layers is {layers}"
        return None

    return reason
