"""Gemma 4's sizes: heads of two sizes, MLPs of two widths, inputs for every layer.

Layers with full attention have heads of a size and, in some models, a number of their own; the
last layers take keys and values from the last of their kind before them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from llmq.architectures.layer_kinds import FULL, SLIDING, kinds
from llmq.architectures.sizes import sizes as decoder_sizes
from llmq.architectures.table import Config, Sizes, required_int, switch
from llmq.errors import ArchitectureError

OVERRIDES = ("head_dim", "num_key_value_heads")


def sizes(config: Config) -> Sizes:
    """Those of sliding layers under their usual names, those of full ones with `full_`."""
    found = decoder_sizes(config)
    full = decoder_sizes({**config, **full_attention(config)})
    inputs = per_layer(config)
    wide = 2 if config.get("use_double_wide_mlp") else 1
    result = {
        **found,
        **{f"full_{name}": full[name] for name in ("head", "q", "kv")},
        "one": 1,
        "shared_ff": found["ff"] * wide,
        "per_layer": inputs,
        "per_layers": inputs * found["layers"],
    }
    if has_experts(config):
        width = required_int(config, "moe_intermediate_size")
        experts = required_int(config, "num_experts")
        result |= {"experts": experts, "expert_ff": width, "gate_up": 2 * width}
    return result


def per_layer(config: Config) -> int:
    """How many numbers of every token are an input of each layer; 0 where there are none."""
    found = config.get("hidden_size_per_layer_input", 0)
    if type(found) is not int or found < 0:
        raise ArchitectureError(
            f"config.json: hidden_size_per_layer_input is {found!r} instead of a whole number"
        )
    return found


has_experts = switch("enable_moe_block")


def full_attention(config: Config) -> dict[str, Any]:
    """What layers with full attention have otherwise: the size and the number of their heads.

    transformers 5 writes it layer by layer as `per_layer_config`; published configurations have
    fields of their own (`Gemma4TextConfig.__post_init__` in configuration_gemma4.py).
    """
    listed = _by_layer(config)
    if listed is not None:
        first = next((i for i, kind in enumerate(kinds(config)) if kind == FULL), None)
        return dict(listed.get(first, {}))
    result = {"head_dim": config.get("global_head_dim", 512)}
    heads = config.get("num_global_key_value_heads")
    if heads is not None and config.get("attention_k_eq_v"):
        result["num_key_value_heads"] = heads
    return result


def _by_layer(config: Config) -> Mapping[int | None, Mapping[str, Any]] | None:
    """What is written layer by layer; the numbers have zeros in front, as many as line them up."""
    listed = config.get("per_layer_config")
    if not isinstance(listed, Mapping):
        return None
    return {
        int(layer): changes
        for layer, changes in listed.items()
        if re.fullmatch("[0-9]{1,9}", layer) and isinstance(changes, Mapping)
    }


def layers_refusal(config: Config) -> str | None:
    """The refusal of changes layer by layer that are not one change of all full layers."""
    listed = _by_layer(config)
    if listed is None:
        return None
    full = full_attention(config)
    for layer, kind in enumerate(kinds(config)):
        found = listed.get(layer, {})
        if set(found) - set(OVERRIDES) or found != (full if kind == FULL else {}):
            return f"per_layer_config makes layer {layer} ({kind}) unlike others of its kind"
    return None


# --- keys and values that several layers share ---


def n_own(config: Config) -> int:
    """How many layers, from the first, compute keys and values."""
    shared = config.get("num_kv_shared_layers", 0)
    layers = required_int(config, "num_hidden_layers")
    if type(shared) is not int or not 0 <= shared < layers:
        raise ArchitectureError(
            f"config.json: num_kv_shared_layers is {shared!r} of {layers} layers"
        )
    return layers - shared


def own(config: Config) -> Collection[int]:
    """Layers that compute keys and values."""
    return range(n_own(config))


def shared(config: Config) -> Collection[int]:
    """Layers that use those of an earlier one."""
    return range(n_own(config), required_int(config, "num_hidden_layers"))


def own_of(kind: str) -> Callable[[Config], Collection[int]]:
    """Layers of a kind that compute keys and values."""
    return lambda config: [i for i in own(config) if kinds(config)[i] == kind]


def own_values(config: Config) -> Collection[int]:
    """Layers with full attention whose values are not their keys."""
    return [] if config.get("attention_k_eq_v") else own_of(FULL)(config)


def shared_refusal(config: Config) -> str | None:
    """The refusal of sharing that llama.cpp does not do.

    It takes the keys of the last layer that has some where attention is full, and of the one
    before where it slides (`reuse` in llama.cpp's src/llama-model.cpp).
    """
    found, last = kinds(config), n_own(config)
    if last == len(found) or (last >= 2 and found[last - 2 : last] == [SLIDING, FULL]):
        return None
    return (
        f"num_kv_shared_layers is {len(found) - last}: llama.cpp knows sharing only after a layer"
        f" of the kind {SLIDING!r} and one of {FULL!r}"
    )
