"""Mistrals without a window, which llama.cpp's graph has not, or with one that none exceeds."""

from llmq_peer.variants.ropes import LLAMA3
from llmq_peer.variants.variant import Variant

VARIANTS = {
    "MistralForCausalLM": (
        Variant({"head_dim": 32, "sliding_window": None}),
        Variant({"sliding_window": None, "rope_parameters": LLAMA3}),
    ),
    "MinistralForCausalLM": (
        Variant({"sliding_window": 256, "head_dim": 32, "tie_word_embeddings": True}),
    ),
}
