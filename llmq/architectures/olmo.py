"""OLMo 2 and 3: norms behind attention and MLP, and over all heads of queries and of keys at once.

OLMo 3 has a window on three layers of four, which llama.cpp's graph applies itself, and there no
scaling of the rope.
"""

from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    DEFAULTS,
    GGUF,
    HF,
    INPUT,
    METADATA,
    MLP,
    OUTPUT,
    SILU,
    heads_refusal,
    switch_refusal,
    untied,
)
from llmq.architectures.layer_kinds import (
    FULL,
    SLIDING,
    kinds,
    kinds_refusal,
    refused_of,
    rope_metadata,
    rope_of,
    window,
)
from llmq.architectures.rope import ROTARY_BUFFERS, rope_number, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Architecture, Config, MetadataRow, TensorRow

NORMS_BEHIND = (
    TensorRow(
        HF + "post_attention_layernorm.weight", GGUF + "post_attention_norm.weight", ("embd",)
    ),
    TensorRow(HF + "post_feedforward_layernorm.weight", GGUF + "post_ffw_norm.weight", ("embd",)),
)
HEADS_NORMS = (
    TensorRow(HF + "self_attn.q_norm.weight", GGUF + "attn_q_norm.weight", ("q",)),
    TensorRow(HF + "self_attn.k_norm.weight", GGUF + "attn_k_norm.weight", ("kv",)),
)


def tied(config: Config) -> bool:
    """The output matrix is the embedding."""
    return not untied(config)


# The graph knows no tied output (`load_arch_tensors` in models/olmo2.cpp): it gets a copy.
COPIED = replace(INPUT[0], target="output.weight", present=tied)

FULL_ROPE = rope_of(FULL, 500000.0, "rope_theta")
# `convert_rope_params_to_dict` in transformers' configuration_olmo3.py leaves this kind the default
# where the base stands outside.
SLIDING_ROPE = rope_of(SLIDING, 500000.0, "")


def sliding(config: Config) -> list[bool] | None:
    """A metadata value: for every layer, whether it has the window."""
    found = [kind == SLIDING for kind in kinds(config)]
    return found if any(found) else None


def bases_refusal(config: Config) -> str | None:
    """The refusal of a base for each kind of layer: the graph has one (models/olmo2.cpp)."""
    bases = [rope_number(view(config), "rope_theta") for view in (FULL_ROPE, SLIDING_ROPE)]
    if SLIDING not in kinds(config) or bases[0] == bases[1]:
        return None
    return f"rope_theta is {bases[0]:g} and {bases[1]:g}, and llama.cpp's olmo2 has one for all"


OLMO2 = Architecture(
    name="olmo2",
    hf_name="Olmo2ForCausalLM",
    models="OLMo 2",
    sizes=sizes,
    tensors=INPUT + NORMS_BEHIND + ATTENTION + HEADS_NORMS + MLP + OUTPUT + (COPIED,),
    metadata=METADATA,
    refusals=(
        SILU,
        rope_refusal("default", "linear", "yarn"),
        heads_refusal("olmo2"),
        switch_refusal("attention_bias", "olmo2"),
    ),
    defaults={**DEFAULTS, "rms_norm_eps": 1e-5, "max_position_embeddings": 2048},
    ignored=ROTARY_BUFFERS,
)

KEYS = [row for row in METADATA if not row.key.startswith("rope.")]
BEHIND_ROPE = [row.key for row in KEYS].index("attention.layer_norm_rms_epsilon")
OLMO3 = replace(
    OLMO2,
    hf_name="Olmo3ForCausalLM",
    models="OLMo 3",
    metadata=(
        *KEYS[:BEHIND_ROPE],
        *rope_metadata(FULL_ROPE, SLIDING_ROPE),
        *KEYS[BEHIND_ROPE:],
    ),
    late_metadata=(
        MetadataRow("attention.sliding_window", np.uint32, window),
        MetadataRow("attention.sliding_window_pattern", bool, sliding),
    ),
    refusals=(
        SILU,
        kinds_refusal,
        bases_refusal,
        refused_of(FULL_ROPE, rope_refusal("default", "linear", "yarn")),
        refused_of(SLIDING_ROPE, rope_refusal("default")),
        heads_refusal("olmo2"),
        switch_refusal("attention_bias", "olmo2"),
    ),
    defaults={
        **OLMO2.defaults,
        "rope_theta": 500000.0,
        "sliding_window": 4096,
        "sliding_window_pattern": 4,
    },
)
