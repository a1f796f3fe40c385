"""Kinds of layers: those that look back a window, and those that look back to the first token."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from llmq.architectures.rope import ROPE_METADATA
from llmq.architectures.table import Config, MetadataRow, Refusal, required_int

SLIDING, FULL = "sliding_attention", "full_attention"


def kinds(config: Config) -> list[str]:
    """The kind of every layer; where none is listed, every `sliding_window_pattern`-th is full."""
    layers = required_int(config, "num_hidden_layers")
    listed = config.get("layer_types")
    if isinstance(listed, list):
        return [str(kind) for kind in listed]
    return _regular(layers, required_int(config, "sliding_window_pattern"))


def _regular(layers: int, period: int) -> list[str]:
    return [SLIDING if (layer + 1) % period else FULL for layer in range(layers)]


def layers_of(kind: str) -> Callable[[Config], Collection[int]]:
    """Which layers are of this kind."""
    return lambda config: [i for i, found in enumerate(kinds(config)) if found == kind]


def kinds_refusal(config: Config) -> str | None:
    """The refusal of layers that are neither kind, and of a window that is none."""
    found, layers = kinds(config), required_int(config, "num_hidden_layers")
    if len(found) != layers or set(found) - {SLIDING, FULL}:
        return f"layer_types {found!r:.60} is not one of {SLIDING!r}, {FULL!r} for each of {layers}"
    window = config.get("sliding_window")
    if SLIDING in found and (type(window) is not int or window < 1):
        return f"sliding_window is {window!r}, and layers of the kind {SLIDING!r} need one"
    return None


def some_sliding(config: Config) -> str | None:
    """The refusal of a model without a window, for graphs that must have one.

    `GGML_ASSERT(hparams.is_swa_any())` in llama.cpp's src/llama-model.cpp.
    """
    if SLIDING in kinds(config):
        return None
    return f"no layer is of the kind {SLIDING!r}, and llama.cpp computes this family only with one"


def window(config: Config) -> object:
    """A metadata value: the window, where a layer has one."""
    return config.get("sliding_window") if SLIDING in kinds(config) else None


def irregular(period: int) -> Callable[[Config], list[bool] | None]:
    """A metadata value: which layers have the window, where that is not what llama.cpp assumes.

    `set_swa_pattern` in llama.cpp's src/llama-hparams.cpp: of every `period`, all but the last.
    """

    def value(config: Config) -> list[bool] | None:
        found = kinds(config)
        if SLIDING not in found or found == _regular(len(found), period):
            return None
        return [kind == SLIDING for kind in found]

    return value


# --- a rope for each kind of layer ---


def rope_of(kind: str, theta: float, outside: str) -> Callable[[Config], Config]:
    """The settings as layers of this `kind` see them: with their rope alone.

    Published configurations have `rope_parameters` by kind, or the bases as two fields and a
    `rope_scaling` for full attention (`convert_rope_params_to_dict` in transformers'
    configuration_gemma3.py, whose order this is). `outside` is the field of the base, `theta` its
    default.
    """

    def view(config: Config) -> Config:
        by_kind = config.get("rope_parameters")
        found = by_kind.get(kind) if isinstance(by_kind, Mapping) else None
        settings: dict[str, Any] = dict(found) if isinstance(found, Mapping) else {}
        if kind == FULL and isinstance(config.get("rope_scaling"), Mapping):
            settings |= config["rope_scaling"]
        settings.setdefault("rope_theta", config.get(outside, theta))
        rest = {name: value for name, value in config.items() if name not in OUTSIDE}
        return {**rest, "rope_parameters": settings}

    return view


OUTSIDE = ("rope_parameters", "rope_scaling", "rope_theta", "partial_rotary_factor")


def rope_metadata(
    full: Callable[[Config], Config], sliding: Callable[[Config], Config]
) -> tuple[MetadataRow, ...]:
    """The keys of the rope of full attention, and the base of the other."""
    base = next(row for row in ROPE_METADATA if row.key == "rope.freq_base")
    return (
        *(replace(row, value=_seen(full, row.value)) for row in ROPE_METADATA),
        MetadataRow("rope.freq_base_swa", np.float32, _seen(sliding, base.value)),
    )


def _seen(view: Callable[[Config], Config], value: Callable[[Config], Any]) -> Any:
    return lambda config: value(view(config))


def refused_of(view: Callable[[Config], Config], refusal: Refusal) -> Refusal:
    """A refusal that looks at the settings of one kind of layer."""
    return lambda config: refusal(view(config))
