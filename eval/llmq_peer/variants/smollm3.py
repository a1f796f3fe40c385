"""SmolLM3s with and without layers that rotate nothing, tied and not."""

from llmq_peer.variants.ropes import YARN
from llmq_peer.variants.variant import Variant

VARIANTS = {
    "SmolLM3ForCausalLM": (
        Variant({"num_hidden_layers": 5}),
        Variant({"tie_word_embeddings": False, "head_dim": 32, "num_key_value_heads": 3}),
        Variant({"num_hidden_layers": 4, "rope_parameters": YARN, "initializer_range": 0.16}),
    ),
}
