"""Granites: scaled at four places, with biases, with heads wider than the hidden size."""

from llmq_peer.variants.ropes import LLAMA3
from llmq_peer.variants.variant import Variant

SCALES = {
    "embedding_multiplier": 3.0,
    "residual_multiplier": 1.2,
    "attention_multiplier": 0.2,
    "logits_scaling": 0.8,
}
VARIANTS = {
    "GraniteForCausalLM": (
        Variant(SCALES),
        Variant({**SCALES, "tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True}),
        Variant({**SCALES, "head_dim": 32, "rope_parameters": LLAMA3}),
    ),
}
