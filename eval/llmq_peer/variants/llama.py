"""Llamas: tied, with biases, with a head for every head, with each kind of rope."""

from llmq_peer.variants.ropes import LINEAR, LLAMA3, YARN
from llmq_peer.variants.variant import Variant

VARIANTS = {
    "LlamaForCausalLM": (
        Variant(),
        Variant({"tie_word_embeddings": True}),
        Variant({"num_key_value_heads": 6, "attention_bias": True, "mlp_bias": True}),
        Variant({"rope_parameters": LLAMA3, "head_dim": 32}),
        Variant({"rope_parameters": LINEAR}),
        Variant({"rope_parameters": YARN | {"attention_factor": 1.05}}),
    ),
}
