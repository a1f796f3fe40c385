"""OLMo 2s: three heads for keys, one, and an embedding that is the output too; OLMo 3s."""

from llmq_peer.variants.ropes import THETA, YARN
from llmq_peer.variants.variant import Variant

SLIDING, FULL = "sliding_attention", "full_attention"
VARIANTS = {
    "Olmo2ForCausalLM": (
        Variant({"num_key_value_heads": 3}),
        Variant({"num_key_value_heads": 1, "rope_parameters": YARN}),
        Variant({"tie_word_embeddings": True}),
    ),
    "Olmo3ForCausalLM": (
        Variant({"num_hidden_layers": 4, "sliding_window": 24}),
        Variant(
            {
                "num_key_value_heads": 3,
                "sliding_window": 40,
                "layer_types": [FULL, SLIDING, SLIDING],
                "rope_parameters": {FULL: YARN, SLIDING: THETA},
            }
        ),
        Variant({"layer_types": [FULL] * 3}),
    ),
}
