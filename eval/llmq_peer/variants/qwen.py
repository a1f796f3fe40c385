"""Qwen 2 and 3, tied and not."""

from llmq_peer.variants.ropes import YARN
from llmq_peer.variants.variant import Variant

VARIANTS = {
    "Qwen2ForCausalLM": (
        Variant(),
        Variant({"tie_word_embeddings": True, "rope_parameters": YARN}),
    ),
    "Qwen3ForCausalLM": (
        Variant({"head_dim": 32}),
        Variant({"head_dim": 16, "tie_word_embeddings": True}),
    ),
}
