"""Gemmas: windows shorter than the text, layers of two kinds, parts that see and hear."""

from llmq_peer.variants.variant import Variant

PAD = {"pad_token_id": None}
SLIDING, FULL = "sliding_attention", "full_attention"
GEMMA3 = PAD | {
    "num_hidden_layers": 7,  # the sixth looks back to the first token, the others do not
    "head_dim": 32,
    "query_pre_attn_scalar": 32,
    "sliding_window": 24,
    "rope_parameters": {
        FULL: {"rope_type": "default", "rope_theta": 1e6},
        SLIDING: {"rope_type": "default", "rope_theta": 100.0},
    },
}
GEMMA4 = PAD | {
    "num_hidden_layers": 4,
    "head_dim": 16,
    "global_head_dim": 32,
    "sliding_window": 24,
    "layer_types": [SLIDING, FULL] * 2,
    "hidden_size_per_layer_input": 8,
    "vocab_size_per_layer_input": 257,
}
SHORT = GEMMA4 | {"num_hidden_layers": 3, "layer_types": [SLIDING, FULL, FULL]}
EXPERTS = {
    "num_hidden_layers": 2,  # a token that goes to another expert is soon another text
    "layer_types": [SLIDING, FULL],
    "enable_moe_block": True,
    "num_experts": 6,
    "top_k_experts": 3,
    "moe_intermediate_size": 64,
}
SHARED = {
    "num_kv_shared_layers": 2,
    "use_double_wide_mlp": True,
    "final_logit_softcapping": 30.0,
}
PATCHES = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "patch_size": 4,
}
SEES = {"vision_config": PATCHES | {"image_size": 16}}
SEES_AND_HEARS = {
    "vision_config": PATCHES
    | {"num_key_value_heads": 2, "head_dim": 16, "position_embedding_size": 16},
    "audio_config": {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2},
}

VARIANTS = {
    "GemmaForCausalLM": (
        Variant(PAD | {"head_dim": 32}),
        Variant(PAD | {"head_dim": 16, "num_key_value_heads": 1}),
    ),
    "Gemma2ForCausalLM": (
        Variant(
            PAD
            | {
                "num_hidden_layers": 5,
                "head_dim": 32,
                "query_pre_attn_scalar": 32,
                "sliding_window": 24,
            }
        ),
        Variant(
            PAD
            | {
                "head_dim": 16,
                "query_pre_attn_scalar": 16,
                "num_key_value_heads": 6,
                "sliding_window": 40,
                "layer_types": [FULL, SLIDING, SLIDING],
                "attn_logit_softcapping": 5.0,
                "final_logit_softcapping": 10.0,
                "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
            }
        ),
    ),
    "Gemma3ForCausalLM": (
        Variant(GEMMA3),
        Variant(
            GEMMA3
            | {
                "num_hidden_layers": 3,
                "num_attention_heads": 3,
                "num_key_value_heads": 1,
                "layer_types": [SLIDING, FULL, SLIDING],
                "tie_word_embeddings": False,
                "final_logit_softcapping": 20.0,
                "rope_parameters": {
                    FULL: {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                    SLIDING: {"rope_type": "default", "rope_theta": 100.0},
                },
            }
        ),
    ),
    "Gemma3ForConditionalGeneration": (Variant(GEMMA3 | SEES),),
    "Gemma4ForCausalLM": (
        Variant(GEMMA4 | SHARED),
        Variant(
            SHORT
            | SHARED
            | {"num_kv_shared_layers": 1, "num_attention_heads": 3, "num_key_value_heads": 1}
        ),
        Variant(SHORT | {"hidden_size_per_layer_input": 0, "tie_word_embeddings": False}),
        Variant(
            GEMMA4
            | {
                "hidden_size_per_layer_input": 0,
                "attention_k_eq_v": True,
                "num_global_key_value_heads": 3,
            }
        ),
        Variant(GEMMA4 | EXPERTS),
    ),
    "Gemma4ForConditionalGeneration": (
        Variant(GEMMA4 | SHARED | SEES_AND_HEARS | {"pad_token_id": 0}),
    ),
}
