"""Small random models of every class that can be converted: one file a family, several of a class.

Tests hold what llama.cpp computes with them against transformers, and scripts what llmq writes
against llama.cpp's converter.
"""

from collections.abc import Mapping

from llmq_peer.variants import (
    exaone,
    granite,
    llama,
    ministral,
    mistral,
    olmo,
    phi,
    qwen,
    smollm3,
)
from llmq_peer.variants.variant import Variant

VARIANTS: Mapping[str, tuple[Variant, ...]] = {
    **llama.VARIANTS,
    **mistral.VARIANTS,
    **qwen.VARIANTS,
    **smollm3.VARIANTS,
    **phi.VARIANTS,
    **ministral.VARIANTS,
    **granite.VARIANTS,
    **olmo.VARIANTS,
    **exaone.VARIANTS,
}
