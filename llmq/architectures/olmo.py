"""OLMo 2: norms behind attention and MLP, and over all heads of queries and of keys at once."""

from dataclasses import replace

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
    quantized,
    switch_refusal,
    untied,
)
from llmq.architectures.rope import ROTARY_BUFFERS, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Architecture, Config, TensorRow

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

OLMO2 = Architecture(
    name="olmo2",
    hf_name="Olmo2ForCausalLM",
    models="OLMo 2",
    sizes=sizes,
    tensors=INPUT + NORMS_BEHIND + ATTENTION + HEADS_NORMS + MLP + OUTPUT + (COPIED,),
    metadata=METADATA,
    refusals=(
        quantized,
        SILU,
        rope_refusal("default", "linear", "yarn"),
        heads_refusal("olmo2"),
        switch_refusal("attention_bias", "olmo2"),
    ),
    defaults={**DEFAULTS, "rms_norm_eps": 1e-5, "max_position_embeddings": 2048},
    ignored=ROTARY_BUFFERS,
)
