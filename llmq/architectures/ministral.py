"""Ministral 3: Llama's tables, with queries that grow with their position and a yarn of its own."""

from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    INPUT,
    MLP,
    NORMS,
    OUTPUT,
    SILU,
    with_value,
)
from llmq.architectures.llama import LLAMA
from llmq.architectures.rope import (
    ROTARY_BUFFERS,
    paired,
    rope,
    rope_refusal,
    rope_setting,
    yarn_correction,
)
from llmq.architectures.table import Config, MetadataRow, setting
from llmq.architectures.towers import SEES, TEXT_TOWER


def temperature(config: Config) -> object:
    """By how much queries grow: `get_llama_4_attn_scale` in transformers' modeling_ministral3."""
    return rope(config).get("llama_4_scaling_beta")


def stretch_refusal(config: Config) -> str | None:
    """The refusal of settings without a rope, for which transformers' class takes one of its own.

    `Ministral3Config.__post_init__`; the part of older models that see, of type mistral, has none.
    """
    told = "rope_parameters" in config or "rope_scaling" in config
    if told or config.get("model_type") != "ministral3":
        return None
    return (
        "rope_parameters is missing, which says how positions are stretched; fetch the file again"
    )


MINISTRAL3 = replace(
    LLAMA,
    name="mistral3",
    hf_name="Ministral3ForCausalLM",
    models="Ministral 3 as text alone",
    tensors=paired(INPUT + NORMS + ATTENTION + MLP + OUTPUT),
    metadata=with_value(
        LLAMA.metadata, yarn_correction(reads_all_dim=True), "rope.scaling.attn_factor"
    ),
    late_metadata=(
        *LLAMA.late_metadata,
        MetadataRow(
            "rope.scaling.yarn_log_multiplier", np.float32, rope_setting("mscale_all_dim", "yarn")
        ),
        MetadataRow("attention.temperature_scale", np.float32, temperature),
    ),
    refusals=(
        SILU,
        stretch_refusal,
        rope_refusal("default", "linear", "yarn", "llama3", fixed={"truncate": 1.0}),
    ),
    window=setting("sliding_window"),  # the graph has none
    defaults={
        **LLAMA.defaults,
        "rms_norm_eps": 1e-5,
        "head_dim": 128,
        "max_position_embeddings": 262144,
        "num_key_value_heads": 8,
    },
)

# Mistral Small 3 and 3.1 have a part of Mistral's older class inside, of which the same holds.
MISTRAL3_SEEING = replace(
    MINISTRAL3,
    hf_name="Mistral3ForConditionalGeneration",
    models="Ministral 3 3B, 8B, 14B; Mistral Small 3.1, 3.2",
    nested="text_config",
    renamed=TEXT_TOWER,
    ignored=ROTARY_BUFFERS | {r"(model\.)?(vision_tower|multi_modal_projector)\..*": SEES},
)
