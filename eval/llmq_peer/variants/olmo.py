"""OLMo 2s: three heads for keys, one, and an embedding that is the output too."""

from llmq_peer.variants.ropes import YARN
from llmq_peer.variants.variant import Variant

VARIANTS = {
    "Olmo2ForCausalLM": (
        Variant({"num_key_value_heads": 3}),
        Variant({"num_key_value_heads": 1, "rope_parameters": YARN}),
        Variant({"tie_word_embeddings": True}),
    ),
}
