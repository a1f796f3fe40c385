"""Qwen 2 and Qwen 3 with a mixture of experts in every layer."""

from dataclasses import replace

from llmq.architectures.decoder import (
    ATTENTION,
    HEAD_NORMS,
    INPUT,
    METADATA,
    NORMS,
    OUTPUT,
    QKV,
    biases,
    heads_refusal,
    untied,
)
from llmq.architectures.experts import (
    EXPERT_WIDTHS,
    EXPERTS,
    SHARED_EXPERT,
    UNFUSED,
    expert_sizes,
    sparse_refusal,
    weights_refusal,
    with_expert_keys,
)
from llmq.architectures.qwen import QWEN2, QWEN3, REFUSALS
from llmq.architectures.table import Config, TensorRow, switch


def tied(config: Config) -> bool:
    """The embedding is the output matrix too."""
    return not untied(config)


# The graph asks for an output matrix, tied or not; the converter leaves it out of a tied model.
OUTPUT_OF_TIED = TensorRow(
    "model.embed_tokens.weight", "output.weight", ("vocab", "embd"), present=tied
)

QWEN2_MOE = replace(
    QWEN2,
    name="qwen2moe",
    hf_name="Qwen2MoeForCausalLM",
    walked=False,  # experts are no matrices of their own in transformers
    sizes=expert_sizes,
    tensors=(
        *INPUT,
        *NORMS,
        *ATTENTION,
        *biases(QKV, switch("qkv_bias")),
        *EXPERTS,
        *SHARED_EXPERT,
        *OUTPUT,
        OUTPUT_OF_TIED,
    ),
    metadata=with_expert_keys(METADATA),
    late_metadata=EXPERT_WIDTHS,
    refusals=(
        *REFUSALS,
        heads_refusal("qwen2moe"),
        sparse_refusal("qwen2moe"),
        weights_refusal("qwen2moe", sum_to_one=False),
    ),
    defaults={
        **QWEN2.defaults,
        "num_key_value_heads": 16,
        "qkv_bias": True,
        "moe_intermediate_size": 1408,
        "shared_expert_intermediate_size": 5632,
        "num_experts_per_tok": 4,
        "num_experts": 60,
    },
    unfused=UNFUSED,
    models="Qwen1.5-MoE-A2.7B, Qwen2-57B-A14B",
)

QWEN3_MOE = replace(
    QWEN3,
    name="qwen3moe",
    hf_name="Qwen3MoeForCausalLM",
    walked=False,
    sizes=expert_sizes,
    tensors=INPUT + NORMS + ATTENTION + HEAD_NORMS + EXPERTS + OUTPUT,
    metadata=with_expert_keys(METADATA),
    late_metadata=EXPERT_WIDTHS,
    refusals=(
        *REFUSALS,
        sparse_refusal("qwen3moe"),
        weights_refusal("qwen3moe", sum_to_one=True),
    ),
    defaults={
        **{name: value for name, value in QWEN3.defaults.items() if name != "head_dim"},
        "num_key_value_heads": 4,
        "moe_intermediate_size": 768,
        "num_experts_per_tok": 8,
        "num_experts": 128,
    },
    unfused=UNFUSED,
    models="Qwen3-30B-A3B and its like",
)
