"""SmolLM3: Llama's tables; every fourth layer rotates nothing, which is built into the graph."""

from dataclasses import replace

from llmq.architectures.decoder import (
    ATTENTION,
    INPUT,
    METADATA,
    MLP,
    NORMS,
    OUTPUT,
    SILU,
    switch_refusal,
)
from llmq.architectures.llama import LLAMA
from llmq.architectures.rope import paired, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Config, required_int

STEP = 4  # `n_no_rope_layer_step` in llama.cpp's models/smollm3.cpp


def unrotated(config: Config) -> list[bool]:
    """For every layer, whether its queries and keys stay as they are."""
    layers = sizes(config)["layers"]
    listed = config.get("no_rope_layers")
    if isinstance(listed, list) and len(listed) >= layers:
        return [not rotated for rotated in listed[:layers]]
    step = required_int(config, "no_rope_layer_interval", STEP)
    return [(layer + 1) % step == 0 for layer in range(layers)]


def layers_refusal(config: Config) -> str | None:
    """The refusal of other layers without rope than the graph has."""
    found = unrotated(config)
    if found == [(layer + 1) % STEP == 0 for layer in range(len(found))]:
        return None
    numbers = ", ".join(str(layer) for layer, still in enumerate(found) if still) or "none"
    return f"layers without rope are {numbers}, and llama.cpp's smollm3 has every fourth"


def window(config: Config) -> object:
    """The window of the layers without rope, where the configuration switches it on."""
    return config.get("sliding_window") if config.get("use_sliding_window") else None


SMOLLM3 = replace(
    LLAMA,
    name="smollm3",
    hf_name="SmolLM3ForCausalLM",
    models="SmolLM3",
    tensors=paired(INPUT + NORMS + ATTENTION + MLP + OUTPUT),
    metadata=METADATA,
    computed={},
    refusals=(
        SILU,
        rope_refusal("default", "linear", "yarn"),
        layers_refusal,
        switch_refusal("attention_bias", "smollm3"),
        switch_refusal("mlp_bias", "smollm3"),
    ),
    window=window,
    defaults={
        **LLAMA.defaults,
        "rope_theta": 2000000.0,
        "max_position_embeddings": 32768,
        "num_key_value_heads": 4,
        "tie_word_embeddings": True,
    },
)
