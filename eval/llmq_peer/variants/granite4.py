"""Granite with experts; Granite 4 dense, hybrid, and hybrid with experts; beyond a batch of 256."""

from llmq_peer.variants.variant import Variant

SCALES = {
    "attention_multiplier": 0.2,
    "embedding_multiplier": 3.0,
    "residual_multiplier": 0.5,
    "logits_scaling": 0.7,
}
MIXTURE = SCALES | {
    "num_hidden_layers": 2,
    "num_local_experts": 5,
    "num_experts_per_tok": 4,
    "intermediate_size": 32,
}
MAMBA = {
    "mamba_n_heads": 6,
    "mamba_d_state": 16,
    "mamba_chunk_size": 64,
    "shared_intermediate_size": 96,
}
DENSE = (
    SCALES
    | MAMBA
    | {"num_local_experts": 0, "intermediate_size": 96, "position_embedding_type": "rope"}
)
HYBRID = DENSE | {
    "layer_types": ["linear_attention", "full_attention", "linear_attention"],
    "position_embedding_type": "nope",
}

VARIANTS = {
    "GraniteMoeForCausalLM": (
        Variant(MIXTURE),
        Variant(MIXTURE | {"attention_bias": True, "tie_word_embeddings": True}),
    ),
    "GraniteMoeHybridForCausalLM": (
        Variant(DENSE | {"layer_types": ["full_attention"] * 3, "tie_word_embeddings": True}),
        Variant(HYBRID | {"tie_word_embeddings": True}),
        Variant(
            HYBRID
            | {
                "mamba_n_groups": 2,
                "mamba_d_conv": 3,
                "max_position_embeddings": 512,
                "layer_types": ["full_attention", "linear_attention", "linear_attention"],
            },
            n_tokens=400,
        ),
        Variant(HYBRID | MIXTURE | {"layer_types": ["linear_attention", "full_attention"]}),
        Variant(DENSE | MIXTURE | {"layer_types": ["full_attention"] * 2}),
    ),
}
