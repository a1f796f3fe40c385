"""LFM2: convolutions first and last, kernels of several lengths, tied and not."""

from llmq_peer.variants.ropes import YARN
from llmq_peer.variants.variant import Variant

VARIANTS = {
    "Lfm2ForCausalLM": (
        Variant({"layer_types": ["conv", "full_attention", "conv"], "block_multiple_of": 32}),
        Variant(
            {
                "layer_types": ["full_attention", "conv", "full_attention"],
                "block_auto_adjust_ff_dim": False,
                "conv_L_cache": 4,
                "tie_word_embeddings": False,
                "rope_parameters": YARN | {"original_max_position_embeddings": 128},
                "max_position_embeddings": 512,
            },
            n_tokens=400,
        ),
    ),
}
