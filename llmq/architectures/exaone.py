"""EXAONE 4: norms behind attention and MLP, and norms of heads.

The models of 64 layers have a window on three layers of four, and no rope on the fourth.
llama.cpp's graph does that for 64 layers alone (`load_arch_hparams` in models/exaone4.cpp).
"""

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    DEFAULTS,
    HEAD_NORMS,
    INPUT,
    METADATA,
    MLP,
    OUTPUT,
    SILU,
    heads_refusal,
)
from llmq.architectures.olmo import NORMS_BEHIND
from llmq.architectures.rope import ROTARY_BUFFERS, llama3_factors, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    required_int,
    setting,
)

HYBRID_LAYERS = 64


def sliding(config: Config) -> list[bool] | None:
    """For every layer, whether it has the window; None in a model without one."""
    layers = sizes(config)["layers"]
    if config.get("sliding_window") is None:
        return None
    listed, pattern = config.get("layer_types"), config.get("sliding_window_pattern")
    if isinstance(listed, list):
        return [kind == "sliding_attention" for kind in listed]
    if isinstance(pattern, str) and pattern:  # L is local, G global
        return [pattern[layer % len(pattern)] == "L" for layer in range(layers)]
    period = required_int(config, "sliding_window_pattern")
    return [(layer + 1) % period != 0 for layer in range(layers)]


def sliding_refusal(config: Config) -> str | None:
    """The refusal of layers that the graph would give a window, or a rope, against the settings."""
    found, layers = sliding(config), sizes(config)["layers"]
    if layers == HYBRID_LAYERS:
        if found is None:
            return f"{layers} layers without a window; llama.cpp's exaone4 has one there"
        if len(found) != layers:
            return f"layer_types are {len(found)} for {layers} layers"
    elif found and not all(found):
        return (
            f"layers without rope in a model of {layers} layers; llama.cpp's exaone4 leaves rope out"
            f" in models of {HYBRID_LAYERS}"
        )
    return None


def window(config: Config) -> object:
    """The window that the graph does not apply."""
    return None if sizes(config)["layers"] == HYBRID_LAYERS else config.get("sliding_window")


EXAONE4 = Architecture(
    name="exaone4",
    hf_name="Exaone4ForCausalLM",
    models="EXAONE 4.0",
    sizes=sizes,
    tensors=INPUT + NORMS_BEHIND + ATTENTION + HEAD_NORMS + MLP + OUTPUT,
    metadata=METADATA,
    late_metadata=(
        MetadataRow("vocab_size", np.uint32, setting("vocab_size"), required=True),
        MetadataRow("attention.sliding_window", np.uint32, setting("sliding_window")),
        MetadataRow("attention.sliding_window_pattern", bool, sliding),
    ),
    computed={"rope_freqs.weight": llama3_factors},
    refusals=(
        SILU,
        rope_refusal("default", "linear", "yarn", "llama3"),
        heads_refusal("exaone4"),
        sliding_refusal,
    ),
    window=window,
    defaults={
        **DEFAULTS,
        "rms_norm_eps": 1e-5,
        "max_position_embeddings": 2048,
        "num_key_value_heads": 32,
        "sliding_window": 4096,
        "sliding_window_pattern": 4,
    },
    ignored=ROTARY_BUFFERS,
)
