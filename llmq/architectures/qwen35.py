"""Qwen 3.5: most layers have a gated delta net, every fourth has attention with a gate.

A delta net keeps a state of one size, however long the text; see llama.cpp's models/qwen35.cpp and
modeling_qwen3_5.py in transformers. Published models also see; what is converted is the text tower.
The layer that guesses several tokens at once (MTP) is left behind, as by the converter's --no-mtp.
"""

from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    DEFAULTS,
    GGUF,
    HEAD_NORMS,
    INPUT,
    METADATA,
    MLP,
    NORMS,
    OUTPUT,
    SILU,
    before,
)
from llmq.architectures.delta_net import DELTA_METADATA, DELTA_ROWS, delta_sizes, heads_refusal
from llmq.architectures.hybrid import in_layers, kinds_refusal, layers_of, listed
from llmq.architectures.norms import with_one_plus
from llmq.architectures.rope import rope, rope_number, rope_refusal
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    required_int,
    setting,
)
from llmq.architectures.towers import SEES, TEXT_TOWER

DELTA_NET, ATTENDING = "linear_attention", "full_attention"
SHARE = "partial_rotary_factor"
USUAL_SHARE = 0.25  # of a head, where the configuration does not say (transformers has it too)
USUAL_SECTIONS = [11, 11, 10, 0]


def layer_types(config: Config) -> list[str]:
    """The kind of every layer."""
    layers = required_int(config, "num_hidden_layers")
    every = required_int(config, "full_attention_interval", 4)
    usual = [DELTA_NET if (layer + 1) % every else ATTENDING for layer in range(layers)]
    return listed(config, "layer_types", usual)


delta_layers = layers_of(layer_types, DELTA_NET)
attention_layers = layers_of(layer_types, ATTENDING)


# --- what llama.cpp does not compute ---


def rotary_refusal(config: Config) -> str | None:
    """The refusal of rope that the graph does not know; any share of a head may turn."""
    share = rope_number(config, SHARE, USUAL_SHARE)
    if share > 1:
        return f"{SHARE} is {share:g}, and no more than all of a head can turn"
    inside = {name: value for name, value in rope(config).items() if name != SHARE}
    outside = {name: value for name, value in config.items() if name not in (SHARE, "rope_scaling")}
    return rope_refusal("default", "yarn")({**outside, "rope_parameters": inside})


# --- metadata ---


def sections(config: Config) -> list[int] | None:
    """How many pairs of numbers turn with time, height and width; nothing turns with a fourth."""
    found = rope(config).get("mrope_section")
    return [*found, 0, 0, 0, 0][:4] if isinstance(found, list) else None


def usual_sections(config: Config) -> list[int] | None:
    """Those of a configuration that does not say: llama.cpp asks for them."""
    return None if sections(config) else USUAL_SECTIONS


def turning(config: Config) -> int:
    """The numbers of a head that turn."""
    return int(delta_sizes(config)["head"] * rope_number(config, SHARE, USUAL_SHARE))


HYBRID_METADATA = (
    *DELTA_METADATA,
    MetadataRow(
        "attention.recurrent_layers",
        bool,
        lambda config: [kind == DELTA_NET for kind in layer_types(config)],
    ),
    MetadataRow("full_attention_interval", np.uint32, setting("full_attention_interval")),
    MetadataRow("rope.dimension_count", np.uint32, turning),
    MetadataRow("rope.dimension_sections", np.int32, usual_sections),
)

# --- tensors ---

GATED_ATTENTION = (
    replace(ATTENTION[0], shape=("gated_q", "embd")),  # a head's queries, then its gate
    *ATTENTION[1:],
    *with_one_plus(HEAD_NORMS),
)
AROUND = with_one_plus(
    (NORMS[0], replace(NORMS[1], target=GGUF + "post_attention_norm.weight")),
)


MIXERS = (
    *in_layers(DELTA_ROWS, delta_layers),
    *in_layers(GATED_ATTENTION, attention_layers),
)

QWEN35 = Architecture(
    name="qwen35",
    hf_name="Qwen3_5ForCausalLM",
    walked=False,  # rows and columns of its recurrent layers are in another order
    sizes=delta_sizes,
    tensors=(*INPUT, *AROUND, *MIXERS, *MLP, *with_one_plus(OUTPUT)),
    metadata=before(
        METADATA, "rope.freq_base", MetadataRow("rope.dimension_sections", np.int32, sections)
    ),
    late_metadata=HYBRID_METADATA,
    refusals=(
        SILU,
        kinds_refusal(layer_types, DELTA_NET, ATTENDING),
        heads_refusal,
        rotary_refusal,
    ),
    defaults={
        **DEFAULTS,
        "head_dim": 256,
        "max_position_embeddings": 32768,
        "num_key_value_heads": 4,
        "full_attention_interval": 4,
        "linear_conv_kernel_dim": 4,
        "linear_key_head_dim": 128,
        "linear_value_head_dim": 128,
        "linear_num_key_heads": 16,
        "linear_num_value_heads": 32,
    },
    renamed=TEXT_TOWER,
    ignored={
        r"(model\.)?mtp\..*": "it belongs to the part that guesses ahead, which is not converted",
        r"(model\.)?visual\..*": SEES,
    },
    models="Qwen3.5 as text alone",
)

QWEN35_TOWER = replace(
    QWEN35,
    hf_name="Qwen3_5ForConditionalGeneration",
    nested="text_config",
    models="Qwen3.5 (0.8B, 2B, 4B, 9B, 27B)",
)
