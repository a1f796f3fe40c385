"""Qwen 2 (and 2.5) and Qwen 3 dense models.

Their graphs in llama.cpp rotate the halves of a head, as Hugging Face does, so no row moves; they
know neither Llama 3's rope scaling nor a window.
"""

from dataclasses import replace

from llmq.architectures.decoder import (
    ATTENTION,
    DEFAULTS,
    HEAD_NORMS,
    INPUT,
    METADATA,
    MLP,
    NORMS,
    OUTPUT,
    QKV,
    SILU,
    biases,
    heads_refusal,
)
from llmq.architectures.rope import ROTARY_BUFFERS, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Architecture, Config, always

REFUSALS = (SILU, rope_refusal("default", "linear", "yarn"))


def window(config: Config) -> object:
    """The window of the upper layers, where the configuration switches it on for any of them.

    Which ones `layer_types` tells, or `max_window_layers`: the first so many have none
    (`Qwen2Config.__post_init__` in transformers' configuration_qwen2.py).
    """
    kinds = config.get("layer_types")
    if isinstance(kinds, list):
        slides = "sliding_attention" in kinds
    else:
        first = config.get("max_window_layers")
        slides = not isinstance(first, int) or first < config["num_hidden_layers"]
    return config.get("sliding_window") if config.get("use_sliding_window") and slides else None


QWEN2 = Architecture(
    name="qwen2",
    hf_name="Qwen2ForCausalLM",
    models="Qwen2, Qwen2.5, DeepSeek-R1-Distill-Qwen",
    sizes=sizes,
    # Queries, keys and values have biases, whatever the configuration says.
    tensors=INPUT + NORMS + ATTENTION + MLP + biases(QKV, always) + OUTPUT,
    metadata=METADATA,
    refusals=(*REFUSALS, heads_refusal("qwen2")),
    window=window,
    defaults={
        **DEFAULTS,
        "max_position_embeddings": 32768,
        "num_key_value_heads": 32,
        "sliding_window": 4096,
        "max_window_layers": 28,
    },
    ignored=ROTARY_BUFFERS,
)

QWEN3 = replace(
    QWEN2,
    name="qwen3",
    hf_name="Qwen3ForCausalLM",
    models="Qwen3",
    # The graph has no biases, which no published model uses: they would be an error.
    tensors=INPUT + NORMS + ATTENTION + MLP + HEAD_NORMS + OUTPUT,
    refusals=REFUSALS,
    defaults={**QWEN2.defaults, "head_dim": 128},
)
