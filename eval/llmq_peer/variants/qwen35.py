"""Qwen 3.5: with a value head for every key head and with three; beyond a batch of 256 tokens."""

from llmq_peer.variants.ropes import THETA, YARN
from llmq_peer.variants.variant import Variant

DELTA = {
    "layer_types": ["linear_attention", "full_attention", "linear_attention"],
    "head_dim": 32,
    "linear_key_head_dim": 32,
    "linear_value_head_dim": 32,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
}
SEEING = {
    "vision_config": {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_heads": 2,
        "num_position_embeddings": 16,
        "out_hidden_size": 96,
        "patch_size": 4,
    }
}
EXPERTS = {
    "num_hidden_layers": 2,
    "layer_types": ["linear_attention", "full_attention"],
    "num_experts": 5,
    "num_experts_per_tok": 4,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 64,
}
THREE_EACH = DELTA | {"linear_num_value_heads": 6}

VL = {
    "head_dim": 32,
    "rope_parameters": THETA | {"rope_type": "default", "mrope_section": [6, 5, 5]},
    "vision_config": SEEING["vision_config"] | {"deepstack_visual_indexes": [0]},
}

VARIANTS = {
    "Qwen3_5ForCausalLM": (
        Variant(DELTA | {"tie_word_embeddings": True}),
        Variant(
            THREE_EACH
            | {
                "linear_conv_kernel_dim": 3,
                "initializer_range": 0.15,
                "max_position_embeddings": 512,
            },
            n_tokens=400,
        ),
        Variant(THREE_EACH | {"rope_parameters": YARN | {"partial_rotary_factor": 0.5}}),
    ),
    "Qwen3_5ForConditionalGeneration": (
        Variant(DELTA | SEEING | {"initializer_range": 0.15}),
        Variant(
            THREE_EACH
            | SEEING
            | {
                "tie_word_embeddings": True,
                "rope_parameters": THETA | {"rope_type": "default", "mrope_section": [2, 1, 1]},
            }
        ),
    ),
    "Qwen3_5MoeForCausalLM": (Variant(DELTA | EXPERTS | {"tie_word_embeddings": True}),),
    "Qwen3_5MoeForConditionalGeneration": (Variant(THREE_EACH | EXPERTS | SEEING),),
    "Qwen3VLForConditionalGeneration": (
        Variant(VL | {"tie_word_embeddings": True}),
        Variant(VL | {"rope_parameters": YARN | {"mrope_section": [6, 5, 5]}}),
    ),
}
