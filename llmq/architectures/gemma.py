"""Gemma 1 and 2.

What all Gemmas have: norms that multiply with 1 + w, the tanh GELU, embeddings that are scaled by
the graph. Gemma 2 has norms behind attention and MLP too, caps on logits, and a window on every
other layer, which llama.cpp's graph applies itself.
"""

from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    GGUF,
    HF,
    INPUT,
    METADATA,
    MLP,
    NORMS,
    OUTPUT,
    activation_refusal,
    untied,
)
from llmq.architectures.layer_kinds import irregular, kinds_refusal, some_sliding, window
from llmq.architectures.norms import with_one_plus
from llmq.architectures.rope import ROTARY_BUFFERS, rope_number, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    Refusal,
    TensorRow,
    required_int,
    setting,
)
from llmq.tokenizer.family_rules import GEMMA as GEMMA_TOKENIZER

GELU = activation_refusal("hidden_activation", "gelu_pytorch_tanh")
COMMON = {
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "hidden_activation": "gelu_pytorch_tanh",
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": True,
}
"""Defaults of the transformers classes from Gemma 2 on."""


# The norm that others have before the MLP is after attention here.
BEFORE_AND_AFTER = (
    NORMS[0],
    replace(NORMS[1], target=GGUF + "post_attention_norm.weight"),
    TensorRow(HF + "pre_feedforward_layernorm.weight", GGUF + "ffn_norm.weight", ("embd",)),
    TensorRow(HF + "post_feedforward_layernorm.weight", GGUF + "post_ffw_norm.weight", ("embd",)),
)


# --- what llama.cpp does not compute ---


def tied(config: Config) -> str | None:
    """The refusal of an output matrix of its own, for which the graphs have no place."""
    if not untied(config):
        return None
    return "tie_word_embeddings is false, and llama.cpp computes with the embedding as output"


def causal(config: Config) -> str | None:
    """The refusal of attention in both directions. Towards images it may be: none come here."""
    found = config.get("use_bidirectional_attention")
    if found in (None, False, "vision"):
        return None
    return f"use_bidirectional_attention is {found!r}, and llama.cpp only looks back"


def scale_refusal(largest: int) -> Refusal:
    """The check that queries are scaled as llama.cpp scales them.

    That is by the size of a head; in the model of `largest` layers by the hidden size over the
    heads (`f_attention_scale` in src/models/gemma2.cpp and gemma3.cpp).
    """

    def reason(config: Config) -> str | None:
        wide = required_int(config, "num_hidden_layers") == largest
        heads = required_int(config, "num_attention_heads")
        taken = (
            required_int(config, "hidden_size") // heads
            if wide
            else required_int(config, "head_dim")
        )
        found = config.get("query_pre_attn_scalar", taken)
        if found == taken:
            return None
        return f"query_pre_attn_scalar is {found!r}, and llama.cpp computes with {taken}"

    return reason


def number_refusal(*names: str) -> Refusal:
    """The check that these settings are given; the graph has a value of its own for each."""

    def reason(config: Config) -> str | None:
        missing = next((name for name in names if config.get(name) is None), None)
        return missing and f"{missing} is null, and llama.cpp computes with a cap"

    return reason


def plain_theta(config: Config) -> float | None:
    """A metadata value: the base of the rope, where it is not what llama.cpp assumes."""
    found = rope_number(config, "rope_theta", 10000.0)
    return None if found == 10000.0 else found


def rows_named(rows: tuple[MetadataRow, ...], *keys: str) -> tuple[MetadataRow, ...]:
    """The rows of these keys, in this order."""
    by_key = {row.key: row for row in rows}
    return tuple(by_key[key] for key in keys)


def softcap(name: str) -> MetadataRow:
    """The key of a cap on logits, which is called as the setting is."""
    return MetadataRow(name, np.float32, setting(name))


# The converter has an order of its own for these two.
KEYS = (
    *rows_named(
        METADATA,
        "context_length",
        "embedding_length",
        "block_count",
        "feed_forward_length",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.layer_norm_rms_epsilon",
        "attention.key_length",
        "attention.value_length",
    ),
    MetadataRow("rope.freq_base", np.float32, plain_theta),
    *rows_named(METADATA, "rope.scaling.type", "rope.scaling.factor"),
)

GEMMA = Architecture(
    name="gemma",
    hf_name="GemmaForCausalLM",
    sizes=sizes,
    tensors=with_one_plus(INPUT + NORMS + ATTENTION + MLP + OUTPUT),
    metadata=KEYS,
    refusals=(
        # "gelu" is what the first releases say and do not mean (transformers' GemmaConfig).
        activation_refusal("hidden_act", "gelu_pytorch_tanh", "gelu"),
        rope_refusal("default", "linear"),
        causal,
        tied,
    ),
    defaults={
        **COMMON,
        "num_attention_heads": 16,
        "num_key_value_heads": 16,
        "hidden_act": "gelu_pytorch_tanh",
        "max_position_embeddings": 8192,
    },
    ignored=ROTARY_BUFFERS,
    tokenizer=GEMMA_TOKENIZER,
    models="Gemma 2B, 7B; CodeGemma",
)

GEMMA2 = replace(
    GEMMA,
    name="gemma2",
    hf_name="Gemma2ForCausalLM",
    tensors=with_one_plus(INPUT + BEFORE_AND_AFTER + ATTENTION + MLP + OUTPUT),
    late_metadata=(
        softcap("attn_logit_softcapping"),
        softcap("final_logit_softcapping"),
        MetadataRow("attention.sliding_window", np.uint32, window),
        MetadataRow("attention.sliding_window_pattern", bool, irregular(2)),
    ),
    refusals=(
        GELU,
        rope_refusal("default", "linear"),
        causal,
        tied,
        kinds_refusal,
        some_sliding,
        scale_refusal(46),
        number_refusal("attn_logit_softcapping", "final_logit_softcapping"),
    ),
    defaults={
        **COMMON,
        "max_position_embeddings": 8192,
        "query_pre_attn_scalar": 256,
        "sliding_window": 4096,
        "sliding_window_pattern": 2,
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
    },
    models="Gemma 2 2B, 9B, 27B",
)
