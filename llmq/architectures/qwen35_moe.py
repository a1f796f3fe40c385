"""Qwen 3.5 with a mixture of experts in every layer instead of an MLP."""

from dataclasses import replace

from llmq.architectures.decoder import INPUT, OUTPUT
from llmq.architectures.delta_net import delta_sizes
from llmq.architectures.experts import (
    EXPERT_WIDTHS,
    EXPERTS,
    SHARED_EXPERT,
    UNFUSED,
    expert_sizes,
    with_expert_keys,
)
from llmq.architectures.norms import with_one_plus
from llmq.architectures.qwen35 import (
    AROUND,
    HYBRID_METADATA,
    MIXERS,
    QWEN35,
    QWEN35_TOWER,
)
from llmq.architectures.table import Config, Sizes


def mixture_sizes(config: Config) -> Sizes:
    """Those of the delta nets and of the experts."""
    return {**delta_sizes(config), **expert_sizes(config)}


QWEN35_MOE = replace(
    QWEN35,
    name="qwen35moe",
    hf_name="Qwen3_5MoeForCausalLM",
    sizes=mixture_sizes,
    tensors=(*INPUT, *AROUND, *MIXERS, *EXPERTS, *SHARED_EXPERT, *with_one_plus(OUTPUT)),
    metadata=with_expert_keys(
        tuple(
            replace(row, required=False) if row.key == "feed_forward_length" else row
            for row in QWEN35.metadata
        )
    ),
    late_metadata=(*EXPERT_WIDTHS, *HYBRID_METADATA),
    defaults={
        **QWEN35.defaults,
        "num_key_value_heads": 2,
        "moe_intermediate_size": 512,
        "shared_expert_intermediate_size": 512,
        "num_experts_per_tok": 8,
        "num_experts": 256,
    },
    unfused=UNFUSED,
    models="Qwen3.5-MoE as text alone",
)

QWEN35_MOE_TOWER = replace(
    QWEN35_MOE,
    hf_name="Qwen3_5MoeForConditionalGeneration",
    nested=QWEN35_TOWER.nested,
    models="Qwen3.5-35B-A3B and its like",
)
