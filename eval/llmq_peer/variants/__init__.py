"""Small random models of every class that can be converted: one file a family, several of a class.

Tests hold what llama.cpp computes with them against transformers, and scripts what llmq writes
against llama.cpp's converter.
"""

from collections.abc import Mapping

from llmq_peer.variants import (
    exaone,
    gemma,
    granite,
    granite4,
    lfm,
    llama,
    ministral,
    mistral,
    olmo,
    phi,
    qwen,
    qwen35,
    qwen_moe,
    smollm3,
)
from llmq_peer.variants.variant import Variant

VARIANTS: Mapping[str, tuple[Variant, ...]] = {
    **llama.VARIANTS,
    **mistral.VARIANTS,
    **ministral.VARIANTS,
    **qwen.VARIANTS,
    **qwen35.VARIANTS,
    **qwen_moe.VARIANTS,
    **smollm3.VARIANTS,
    **gemma.VARIANTS,
    **phi.VARIANTS,
    **granite.VARIANTS,
    **granite4.VARIANTS,
    **olmo.VARIANTS,
    **exaone.VARIANTS,
    **lfm.VARIANTS,
}
