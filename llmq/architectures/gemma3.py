"""Gemma 3, alone and as the text part of the model that also sees.

Beside what Gemma 2 has: norms of heads, two ropes, and a window on five of six layers. The caps on
logits are gone.
"""

from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    HEAD_NORMS,
    INPUT,
    METADATA,
    MLP,
    OUTPUT,
)
from llmq.architectures.gemma import (
    BEFORE_AND_AFTER,
    COMMON,
    GELU,
    causal,
    rows_named,
    scale_refusal,
    softcap,
)
from llmq.architectures.layer_kinds import (
    FULL,
    SLIDING,
    irregular,
    kinds_refusal,
    refused_of,
    rope_metadata,
    rope_of,
    window,
)
from llmq.architectures.norms import with_one_plus
from llmq.architectures.rope import ROTARY_BUFFERS, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Architecture, Config, MetadataRow
from llmq.architectures.towers import SEES, TEXT_TOWER
from llmq.tokenizer.family_rules import GEMMA as GEMMA_TOKENIZER

FULL_ROPE = rope_of(FULL, 1e6, "rope_theta")
SLIDING_ROPE = rope_of(SLIDING, 10000.0, "rope_local_base_freq")


def uncapped(config: Config) -> str | None:
    """The refusal of a cap that Gemma 2 had."""
    found = config.get("attn_logit_softcapping")
    return None if found is None else f"attn_logit_softcapping is {found!r}; llama.cpp has none"


GEMMA3 = Architecture(
    name="gemma3",
    hf_name="Gemma3ForCausalLM",
    sizes=sizes,
    tensors=with_one_plus(INPUT + BEFORE_AND_AFTER + ATTENTION + HEAD_NORMS + MLP + OUTPUT),
    metadata=(
        *rows_named(
            METADATA,
            "block_count",
            "context_length",
            "embedding_length",
            "feed_forward_length",
            "attention.head_count",
            "attention.head_count_kv",
        ),
        *rope_metadata(FULL_ROPE, SLIDING_ROPE),
        *rows_named(
            METADATA,
            "attention.layer_norm_rms_epsilon",
            "attention.key_length",
            "attention.value_length",
        ),
    ),
    late_metadata=(
        softcap("final_logit_softcapping"),
        MetadataRow("attention.sliding_window", np.uint32, window),
        MetadataRow("attention.sliding_window_pattern", bool, irregular(6)),
    ),
    refusals=(
        GELU,
        causal,
        kinds_refusal,
        scale_refusal(62),
        uncapped,
        refused_of(FULL_ROPE, rope_refusal("default", "linear")),
        refused_of(SLIDING_ROPE, rope_refusal("default")),
    ),
    defaults={
        **COMMON,
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "vocab_size": 262208,
        "max_position_embeddings": 131072,
        "query_pre_attn_scalar": 256,
        "sliding_window": 4096,
        "sliding_window_pattern": 6,
    },
    ignored=ROTARY_BUFFERS,
    tokenizer=GEMMA_TOKENIZER,
    models="Gemma 3 270M, 1B",
)

GEMMA3_SEEING = replace(
    GEMMA3,
    hf_name="Gemma3ForConditionalGeneration",
    nested="text_config",
    models="Gemma 3 4B, 12B, 27B; MedGemma",
    renamed=TEXT_TOWER,
    ignored=ROTARY_BUFFERS | {r"(model\.)?(vision_tower|multi_modal_projector)\..*": SEES},
)
