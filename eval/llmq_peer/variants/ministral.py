"""Ministral 3s: yarn whose attention factor is one, is given, and is another."""

from llmq_peer.variants.ropes import YARN
from llmq_peer.variants.variant import Variant

SCALED = YARN | {"mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}
SMALL = {"head_dim": 16, "rope_parameters": SCALED}
SEES = {
    "vision_config": {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "patch_size": 4,
        "image_size": 16,
    }
}
VARIANTS = {
    "Ministral3ForCausalLM": (
        Variant({"head_dim": 32, "rope_parameters": SCALED}),
        Variant(
            {
                "head_dim": 16,
                "tie_word_embeddings": True,
                "rope_parameters": SCALED
                | {"mscale": 0.7, "beta_fast": 4.0, "llama_4_scaling_beta": 0.5},
            }
        ),
    ),
    "Mistral3ForConditionalGeneration": (
        Variant({**SEES, **SMALL, "model_type": "ministral3"}),
        Variant({**SEES, **SMALL, "model_type": "ministral3", "tie_word_embeddings": False}),
        Variant({**SEES, "sliding_window": None, "tie_word_embeddings": True}),
    ),
}
