"""Ministral 3s: yarn whose attention factor is one, is given, and is another."""

from llmq_peer.variants.ropes import YARN
from llmq_peer.variants.variant import Variant

SCALED = YARN | {"mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}
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
}
