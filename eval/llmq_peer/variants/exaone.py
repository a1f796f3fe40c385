"""EXAONE 4s without a window, and of the number of layers that have one and layers without rope."""

from llmq_peer.variants.ropes import LLAMA3
from llmq_peer.variants.variant import Variant

FULL = {"sliding_window": None, "layer_types": ["full_attention"] * 3}
VARIANTS = {
    "Exaone4ForCausalLM": (
        Variant(FULL),
        Variant({**FULL, "tie_word_embeddings": True, "rope_parameters": LLAMA3}),
        Variant(
            {
                "num_hidden_layers": 64,
                "hidden_size": 48,
                "intermediate_size": 64,
                "num_attention_heads": 3,
                "num_key_value_heads": 1,
                "sliding_window": 40,
                "initializer_range": 0.3,
            }
        ),
    ),
}
