"""Granite 3, dense: Llama's tables with four numbers that scale what it computes."""

from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import METADATA, with_value
from llmq.architectures.llama import LLAMA
from llmq.architectures.sizes import head_size, sizes
from llmq.architectures.table import Config, MetadataRow, setting

# llama.cpp takes a zero for a scale that is not there (`build_layer_ffn` in models/granite.cpp).
SCALES = {
    "attention_multiplier": "attention.scale",
    "embedding_multiplier": "embedding_scale",
    "residual_multiplier": "residual_scale",
    "logits_scaling": "logit_scale",
}


def scales_refusal(config: Config) -> str | None:
    """The refusal of scales that are no positive number."""
    for name in SCALES:
        found = config.get(name)
        if isinstance(found, bool) or not isinstance(found, int | float) or not found > 0:
            return f"{name} is {found!r}, and llama.cpp's granite needs a positive number"
    return None


def own_head_size(config: Config) -> int | None:
    """The size of a head where it is not the hidden size cut up; the converter never says it."""
    found = sizes(config)
    return None if found["q"] == found["embd"] else head_size(config)


GRANITE = replace(
    LLAMA,
    name="granite",
    hf_name="GraniteForCausalLM",
    models="Granite 3.0 to 3.3, dense",
    metadata=with_value(METADATA, own_head_size, "attention.key_length", "attention.value_length"),
    late_metadata=(
        *LLAMA.late_metadata,
        *(MetadataRow(key, np.float32, setting(name)) for name, key in SCALES.items()),
    ),
    refusals=(*LLAMA.refusals, scales_refusal),
    defaults={**LLAMA.defaults, **dict.fromkeys(SCALES, 1.0)},
)
