"""Phi 3, 3.5 and 4-mini: queries, keys and values in one matrix, gate and up in another.

llama.cpp's graph takes both as they are. It rotates part of a head, scales with LongRoPE, and has
no window.
"""

import numpy as np

from llmq.architectures.decoder import (
    DEFAULTS,
    GGUF,
    HF,
    INPUT,
    MLP,
    NORMS,
    OUTPUT,
    SILU,
    heads_refusal,
)
from llmq.architectures.longrope import (
    ORIGINAL,
    attention_factor,
    factors,
    longrope_refusal,
    on_longrope,
    rotary_size,
)
from llmq.architectures.rope import ROTARY_BUFFERS, rope_setting
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Architecture, Config, MetadataRow, Sizes, TensorRow, setting


def fused_sizes(config: Config) -> Sizes:
    """The sizes of every decoder, and those of the matrices that hold several."""
    plain = sizes(config)
    return {**plain, "qkv": plain["q"] + 2 * plain["kv"], "gate_up": 2 * plain["ff"]}


def window(config: Config) -> object:
    """The window, which the graph does not apply (`load_arch_hparams` in models/phi3.cpp)."""
    return config.get("sliding_window")


PHI3 = Architecture(
    name="phi3",
    hf_name="Phi3ForCausalLM",
    models="Phi-3, Phi-3.5-mini, Phi-4, Phi-4-mini",
    sizes=fused_sizes,
    tensors=(
        *INPUT,
        *NORMS,
        TensorRow(HF + "self_attn.qkv_proj.weight", GGUF + "attn_qkv.weight", ("qkv", "embd")),
        TensorRow(HF + "self_attn.o_proj.weight", GGUF + "attn_output.weight", ("embd", "q")),
        TensorRow(HF + "mlp.gate_up_proj.weight", GGUF + "ffn_up.weight", ("gate_up", "embd")),
        MLP[-1],
        *OUTPUT,
    ),
    early_metadata=(MetadataRow("rope.scaling.attn_factor", np.float32, attention_factor),),
    # The converter has an order of its own.
    metadata=(
        MetadataRow("context_length", np.uint32, setting("max_position_embeddings"), required=True),
        MetadataRow("rope.scaling.original_context_length", np.uint32, setting(ORIGINAL)),
        MetadataRow("embedding_length", np.uint32, setting("hidden_size"), required=True),
        MetadataRow("feed_forward_length", np.uint32, setting("intermediate_size"), required=True),
        MetadataRow("block_count", np.uint32, setting("num_hidden_layers"), required=True),
        MetadataRow("attention.head_count", np.uint32, lambda config: sizes(config)["heads"]),
        MetadataRow("attention.head_count_kv", np.uint32, lambda config: sizes(config)["kv_heads"]),
        MetadataRow(
            "attention.layer_norm_rms_epsilon", np.float32, setting("rms_norm_eps"), required=True
        ),
        MetadataRow("rope.dimension_count", np.uint32, rotary_size),
        MetadataRow("rope.freq_base", np.float32, rope_setting("rope_theta")),
    ),
    # A zero, where others have no key, is how llama.cpp knows Phi-4 (conversion/phi.py).
    late_metadata=(
        MetadataRow("attention.sliding_window", np.uint32, setting("sliding_window", 0)),
    ),
    computed={
        "rope_factors_long.weight": factors("long_factor"),
        "rope_factors_short.weight": factors("short_factor"),
    },
    refusals=(SILU, longrope_refusal, heads_refusal("phi3")),
    window=window,
    remarks=(on_longrope,),
    defaults={
        **DEFAULTS,
        "rms_norm_eps": 1e-5,
        "max_position_embeddings": 4096,
        ORIGINAL: 4096,
    },
    ignored=ROTARY_BUFFERS,
)
