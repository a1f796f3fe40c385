"""Phis: rotated in part, and with LongRoPE in a context that is long, and in one that is not."""

from typing import Any

from llmq_peer.variants.ropes import THETA
from llmq_peer.variants.variant import Variant


def longrope(pairs: int) -> dict[str, Any]:
    """Divisors of so many frequencies, unlike each other."""
    return THETA | {
        "rope_type": "longrope",
        "short_factor": [1.0 + 0.1 * n for n in range(pairs)],
        "long_factor": [1.5 + 1.5 * n for n in range(pairs)],
    }


VARIANTS = {
    "Phi3ForCausalLM": (
        Variant(),
        Variant({"num_attention_heads": 3, "num_key_value_heads": 1}),
        Variant(  # a text beyond the original context
            {
                "rope_parameters": longrope(6) | {"partial_rotary_factor": 0.75},
                "original_max_position_embeddings": 64,
                "tie_word_embeddings": True,
            }
        ),
        Variant(  # a context no longer than the original one, of a model that knows longer ones
            {
                "rope_parameters": longrope(8),
                "original_max_position_embeddings": 4096,
                "max_position_embeddings": 16384,
            }
        ),
    ),
}
