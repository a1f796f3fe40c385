"""Qwen 3.5: most layers have a gated delta net, every fourth has attention with a gate.

A delta net keeps a state of one size, however long the text; see llama.cpp's models/qwen35.cpp and
modeling_qwen3_5.py in transformers. Published models also see; what is converted is the text tower.
The layer that guesses several tokens at once (MTP) is left behind, as by the converter's --no-mtp.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    ATTENTION,
    DEFAULTS,
    GGUF,
    HEAD_NORMS,
    HF,
    INPUT,
    METADATA,
    MLP,
    NORMS,
    OUTPUT,
    SILU,
    before,
)
from llmq.architectures.hybrid import in_layers, kinds_refusal, layers_of, listed
from llmq.architectures.norms import with_one_plus
from llmq.architectures.rope import rope, rope_number, rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    Sizes,
    TensorRow,
    required_int,
    setting,
)
from llmq.architectures.towers import SEES, TEXT_TOWER
from llmq.architectures.value_heads import columns_tiled, decays_tiled, numbers_tiled, rows_tiled

DELTA_NET, ATTENDING = "linear_attention", "full_attention"
SHARE = "partial_rotary_factor"
USUAL_SHARE = 0.25  # of a head, where the configuration does not say (transformers has it too)
USUAL_SECTIONS = [11, 11, 10, 0]


def layer_types(config: Config) -> list[str]:
    """The kind of every layer."""
    layers = required_int(config, "num_hidden_layers")
    every = required_int(config, "full_attention_interval", 4)
    usual = [DELTA_NET if (layer + 1) % every else ATTENDING for layer in range(layers)]
    return [str(kind) for kind in listed(config, "layer_types", usual)]


delta_layers = layers_of(layer_types, DELTA_NET)
attention_layers = layers_of(layer_types, ATTENDING)


def delta_sizes(config: Config) -> Sizes:
    """A decoder's sizes and those of the delta nets; mixtures need not say the width of an MLP."""
    found = sizes({"intermediate_size": 1, **config})
    keys = required_int(config, "linear_num_key_heads")
    values = required_int(config, "linear_num_value_heads")
    size = required_int(config, "linear_key_head_dim")
    return {
        **found,
        "gated_q": 2 * found["q"],
        "key_heads": keys,
        "value_heads": values,
        "delta_head": size,
        "delta_qk": 2 * keys * size,
        "delta_v": values * size,
        "delta_qkv": (2 * keys + values) * size,
        "kernel": required_int(config, "linear_conv_kernel_dim"),
        "one": 1,
    }


# --- what llama.cpp does not compute ---


def heads_refusal(config: Config) -> str | None:
    """The refusal of value heads that do not fit their key heads."""
    keys = required_int(config, "linear_key_head_dim")
    values = required_int(config, "linear_value_head_dim")
    if keys != values:
        return (
            f"linear_key_head_dim {keys} and linear_value_head_dim {values} differ, and llama.cpp's"
            " qwen35 has one size for both"
        )
    keys = required_int(config, "linear_num_key_heads")
    values = required_int(config, "linear_num_value_heads")
    return f"{values} value heads are no multiple of {keys} key heads" if values % keys else None


def rotary_refusal(config: Config) -> str | None:
    """The refusal of rope that the graph does not know; any share of a head may turn."""
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


def size(name: str) -> Callable[[Config], int]:
    """A metadata value: one of the sizes."""
    return lambda config: delta_sizes(config)[name]


DELTA_METADATA = (
    MetadataRow("ssm.conv_kernel", np.uint32, size("kernel")),
    MetadataRow("ssm.state_size", np.uint32, size("delta_head")),
    MetadataRow("ssm.group_count", np.uint32, size("key_heads")),
    MetadataRow("ssm.time_step_rank", np.uint32, size("value_heads")),
    MetadataRow("ssm.inner_size", np.uint32, size("delta_v")),
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

DELTA = HF + "linear_attn."
DELTA_ROWS = (
    TensorRow(
        DELTA + "in_proj_qkv.weight",
        GGUF + "attn_qkv.weight",
        ("delta_qkv", "embd"),
        view=rows_tiled("delta_head", behind="delta_qk"),
    ),
    TensorRow(
        DELTA + "in_proj_z.weight",
        GGUF + "attn_gate.weight",
        ("delta_v", "embd"),
        view=rows_tiled("delta_head"),
    ),
    TensorRow(
        DELTA + "in_proj_b.weight",
        GGUF + "ssm_beta.weight",
        ("value_heads", "embd"),
        view=rows_tiled("one"),
    ),
    TensorRow(
        DELTA + "in_proj_a.weight",
        GGUF + "ssm_alpha.weight",
        ("value_heads", "embd"),
        view=rows_tiled("one"),
    ),
    TensorRow(
        DELTA + "conv1d.weight",
        GGUF + "ssm_conv1d.weight",
        ("delta_qkv", "one", "kernel"),
        view=rows_tiled("delta_head", behind="delta_qk"),
    ),
    TensorRow(DELTA + "dt_bias", GGUF + "ssm_dt.bias", ("value_heads",), transform=numbers_tiled),
    TensorRow(DELTA + "A_log", GGUF + "ssm_a", ("value_heads",), transform=decays_tiled),
    TensorRow(DELTA + "norm.weight", GGUF + "ssm_norm.weight", ("delta_head",)),
    TensorRow(
        DELTA + "out_proj.weight",
        GGUF + "ssm_out.weight",
        ("embd", "delta_v"),
        transform=columns_tiled,
    ),
)
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
    sizes=delta_sizes,
    tensors=(*INPUT, *AROUND, *MIXERS, *MLP, *with_one_plus(OUTPUT)),
    metadata=before(
        METADATA, "rope.freq_base", MetadataRow("rope.dimension_sections", np.int32, sections)
    ),
    late_metadata=DELTA_METADATA,
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
