"""Mixtures of Qwen: a shared expert or none, eight experts (which recipes know) and five."""

from llmq_peer.variants.ropes import YARN
from llmq_peer.variants.variant import Variant

# Of two experts, another one makes a step of what is otherwise a slight change.
SMALL = {"num_hidden_layers": 2, "num_experts_per_tok": 4, "moe_intermediate_size": 32}
SHARED = SMALL | {"shared_expert_intermediate_size": 96}
TO_ONE = SMALL | {"norm_topk_prob": True}

VARIANTS = {
    "Qwen2MoeForCausalLM": (
        Variant(SHARED | {"num_experts": 8}),
        Variant(SHARED | {"num_experts": 5, "qkv_bias": False, "tie_word_embeddings": True}),
    ),
    "Qwen3MoeForCausalLM": (
        Variant(TO_ONE | {"num_experts": 8, "rope_parameters": YARN}),
        Variant(TO_ONE | {"num_experts": 5, "tie_word_embeddings": True, "head_dim": 32}),
    ),
}
