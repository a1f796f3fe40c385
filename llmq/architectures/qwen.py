"""Qwen 2 (and 2.5) and Qwen 3 dense models.

Their graphs in llama.cpp rotate the halves of a head, as Hugging Face does, so no row moves.
"""

from dataclasses import replace
from functools import partial

from llmq.architectures.llama import (
    ATTENTION_BIASES,
    GGUF,
    HF,
    INPUT,
    LLAMA,
    MATRICES,
    METADATA,
    NORMS,
    OUTPUT,
    refused,
)
from llmq.architectures.table import Architecture, Config, TensorRow, always

# Qwen 2 has biases on queries, keys and values, whatever its configuration says.
QKV_BIASES = tuple(replace(row, present=always) for row in ATTENTION_BIASES[:3])

# llama.cpp's graph of Qwen 3 has no biases, which no published model uses: they would be an error.
HEAD_NORMS = (
    TensorRow(HF + "self_attn.q_norm.weight", GGUF + "attn_q_norm.weight", ("head",)),
    TensorRow(HF + "self_attn.k_norm.weight", GGUF + "attn_k_norm.weight", ("head",)),
)


def window(config: Config) -> object:
    """The window of the upper layers, where the configuration switches it on."""
    on = config.get("use_sliding_window")
    return config.get("sliding_window") if on else None


QWEN2: Architecture = replace(
    LLAMA,
    name="qwen2",
    hf_name="Qwen2ForCausalLM",
    tensors=INPUT + NORMS + MATRICES + QKV_BIASES + OUTPUT,
    metadata=METADATA,
    late_metadata=(),
    computed={},
    refused=partial(refused, kinds=("default", "linear", "yarn")),  # no rope factors in the graph
    window=window,
    defaults={
        **LLAMA.defaults,
        "max_position_embeddings": 32768,
        "num_key_value_heads": 32,
        "sliding_window": 4096,
    },
)

QWEN3: Architecture = replace(
    QWEN2,
    name="qwen3",
    hf_name="Qwen3ForCausalLM",
    tensors=INPUT + NORMS + MATRICES + HEAD_NORMS + OUTPUT,
    defaults={**QWEN2.defaults, "head_dim": 128},
)
