"""Gemma 4 (E2B, E4B and the larger ones), alone and as the text part of one that sees and hears.

Beside what Gemma 3 has: every layer gets a part of the token's second embedding as an input, the
last layers share keys and values and may have wider MLPs, full attention has wider heads of which
a part is rotated, and its values may be its keys. Norms multiply with w itself.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from llmq.architectures.decoder import (
    GGUF,
    HF,
    INPUT,
    METADATA,
    OUTPUT,
    quantized,
)
from llmq.architectures.gemma import BEFORE_AND_AFTER, COMMON, GELU, causal, rows_named, softcap
from llmq.architectures.gemma4_sizes import (
    full_attention,
    has_experts,
    layers_refusal,
    own,
    own_of,
    own_values,
    per_layer,
    shared,
    shared_refusal,
    sizes,
)
from llmq.architectures.layer_kinds import (
    FULL,
    SLIDING,
    kinds,
    kinds_refusal,
    layers_of,
    refused_of,
    rope_metadata,
    rope_of,
    window,
)
from llmq.architectures.rope import ROTARY_BUFFERS, rope, rope_number, rope_refusal
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    TensorRow,
    required_int,
    setting,
)
from llmq.architectures.towers import SEES, TEXT_TOWER
from llmq.weights import Rows

ATTN = HF + "self_attn."
FULL_ROPE = rope_of(FULL, 1e6, "rope_theta")
SLIDING_ROPE = rope_of(SLIDING, 10000.0, "rope_local_base_freq")


def by_kind(name: str, target: str, *shape: str) -> tuple[TensorRow, TensorRow]:
    """A matrix of attention or a norm of its heads, in layers of either kind; sizes are wider."""
    full = tuple(size if size == "embd" else f"full_{size}" for size in shape)
    source, target = ATTN + name, GGUF + target
    return (
        TensorRow(source, target, shape, layers=layers_of(SLIDING)),
        TensorRow(source, target, full, layers=layers_of(FULL)),
    )


def of_own(rows: tuple[TensorRow, TensorRow]) -> tuple[TensorRow, TensorRow]:
    """These rows in layers alone that compute keys and values."""
    return replace(rows[0], layers=own_of(SLIDING)), replace(rows[1], layers=own_of(FULL))


VALUES = of_own(by_kind("v_proj.weight", "attn_v.weight", "kv", "embd"))
ATTENTION = (
    *by_kind("q_proj.weight", "attn_q.weight", "q", "embd"),
    *of_own(by_kind("k_proj.weight", "attn_k.weight", "kv", "embd")),
    VALUES[0],
    replace(VALUES[1], layers=own_values),
    *by_kind("o_proj.weight", "attn_output.weight", "embd", "q"),
    *by_kind("q_norm.weight", "attn_q_norm.weight", "head"),
    *of_own(by_kind("k_norm.weight", "attn_k_norm.weight", "head")),
)
MLP = tuple(
    TensorRow(HF + f"mlp.{name}_proj.weight", GGUF + f"ffn_{name}.weight", shape, layers=layers)
    for ff, layers in (("ff", own), ("shared_ff", shared))
    for name, shape in (("gate", (ff, "embd")), ("up", (ff, "embd")), ("down", ("embd", ff)))
)


def with_inputs(config: Config) -> bool:
    """Every layer has an input besides the hidden states."""
    return per_layer(config) > 0


def only(present: Callable[[Config], bool], *rows: tuple[str, str, tuple[str, ...]]) -> Any:
    """Rows of names and a shape, under one condition."""
    return tuple(TensorRow(*row, present=present) for row in rows)


INPUTS = only(
    with_inputs,
    ("model.embed_tokens_per_layer.weight", "per_layer_token_embd.weight", ("vocab", "per_layers")),
    (
        "model.per_layer_model_projection.weight",
        "per_layer_model_proj.weight",
        ("per_layers", "embd"),
    ),
    (
        "model.per_layer_projection_norm.weight",
        "per_layer_proj_norm.weight",
        ("per_layer",),
    ),
)
LAYER_INPUTS = only(
    with_inputs,
    (HF + "per_layer_input_gate.weight", GGUF + "inp_gate.weight", ("per_layer", "embd")),
    (HF + "per_layer_projection.weight", GGUF + "proj.weight", ("embd", "per_layer")),
    (HF + "post_per_layer_input_norm.weight", GGUF + "post_norm.weight", ("embd",)),
)
EXPERTS = only(
    has_experts,
    (HF + "post_feedforward_layernorm_1.weight", GGUF + "post_ffw_norm_1.weight", ("embd",)),
    (HF + "pre_feedforward_layernorm_2.weight", GGUF + "pre_ffw_norm_2.weight", ("embd",)),
    (HF + "post_feedforward_layernorm_2.weight", GGUF + "post_ffw_norm_2.weight", ("embd",)),
    (HF + "router.proj.weight", GGUF + "ffn_gate_inp.weight", ("experts", "embd")),
    (HF + "router.scale", GGUF + "ffn_gate_inp.scale", ("embd",)),
    (HF + "router.per_expert_scale", GGUF + "ffn_down_exps.scale", ("experts",)),
    (
        HF + "experts.gate_up_proj",
        GGUF + "ffn_gate_up_exps.weight",
        ("experts", "gate_up", "embd"),
    ),
    (HF + "experts.down_proj", GGUF + "ffn_down_exps.weight", ("experts", "embd", "expert_ff")),
)
SCALE = TensorRow(HF + "layer_scalar", GGUF + "layer_output_scale.weight", ("one",))


# --- the rope of full attention ---


def full_factors(config: Config) -> Rows | None:
    """What the frequencies of full attention are divided by, (head / 2,).

    The last pairs of a head do not turn: 1e30 stands for infinity, as in llama.cpp's converter
    (`generate_extra_tensors` of Gemma4Model in conversion/gemma.py;
    `_compute_proportional_rope_parameters` in transformers' modeling_rope_utils.py).
    """
    settings = FULL_ROPE(config)
    size = sizes(config)["full_head"]
    partial = rope(settings)["rope_type"] == "proportional"
    part = rope_number(settings, "partial_rotary_factor", 1.0) if partial else 1.0
    factors = np.full(size // 2, rope_number(settings, "factor", 1.0), np.float32)
    factors[int(part * size // 2) :] = np.float32(1e30)
    return factors


def full_rope_refusal(config: Config) -> str | None:
    """The refusal of a rope of full attention that is neither plain nor proportional."""
    found = rope(FULL_ROPE(config))["rope_type"]
    if found in ("default", "proportional"):
        return None
    return f"rope scaling of the kind {found!r} is not supported for full attention"


def inputs_refusal(config: Config) -> str | None:
    """The refusal of a second embedding that has other tokens than the first."""
    vocab, found = config.get("vocab_size"), config.get("vocab_size_per_layer_input")
    if not with_inputs(config) or found == vocab:
        return None
    return f"vocab_size_per_layer_input is {found!r}, and llama.cpp needs that of all {vocab!r}"


# --- metadata ---


def of_full(name: str) -> Callable[[Config], int]:
    """A metadata value: a size of layers with full attention."""
    return lambda config: sizes(config)[name]


def one_width(config: Config) -> object:
    """A metadata value: the width of the MLP; None where shared layers have another."""
    return None if config.get("use_double_wide_mlp") else config.get("intermediate_size")


def widths(config: Config) -> list[int] | None:
    """A metadata value: the width of every layer's MLP, where they differ."""
    if not config.get("use_double_wide_mlp"):
        return None
    found = sizes(config)
    return [found["ff"]] * len(own(config)) + [found["shared_ff"]] * len(shared(config))


def one_number(config: Config) -> object:
    """A metadata value: the number of heads for keys; None where kinds of layers differ."""
    return None if numbers(config) else config.get("num_key_value_heads")


def numbers(config: Config) -> list[int] | None:
    """A metadata value: the number of heads for keys of every layer, where a kind has its own."""
    full = full_attention(config).get("num_key_value_heads")
    if full is None:
        return None
    sliding = required_int(config, "num_key_value_heads")
    return [full if kind == FULL else sliding for kind in kinds(config)]


GEMMA4 = Architecture(
    name="gemma4",
    hf_name="Gemma4ForCausalLM",
    sizes=sizes,
    tensors=(
        *INPUT,
        *INPUTS,
        *BEFORE_AND_AFTER,
        *ATTENTION,
        *MLP,
        *EXPERTS,
        *LAYER_INPUTS,
        SCALE,
        *OUTPUT,
    ),
    metadata=(
        *rows_named(METADATA, "block_count", "context_length", "embedding_length"),
        MetadataRow("feed_forward_length", np.uint32, one_width),
        MetadataRow("feed_forward_length", np.int32, widths),
        *rows_named(METADATA, "attention.head_count"),
        MetadataRow("attention.head_count_kv", np.uint32, one_number),
        MetadataRow("attention.head_count_kv", np.int32, numbers),
        *(
            row
            for row in rope_metadata(FULL_ROPE, SLIDING_ROPE)
            if not row.key.startswith("rope.scaling.")
        ),
        *rows_named(METADATA, "attention.layer_norm_rms_epsilon"),
        MetadataRow("expert_count", np.uint32, setting("num_experts")),
        MetadataRow("expert_used_count", np.uint32, setting("top_k_experts")),
        MetadataRow("attention.key_length", np.uint32, of_full("full_head")),
        MetadataRow("attention.value_length", np.uint32, of_full("full_head")),
    ),
    late_metadata=(
        softcap("final_logit_softcapping"),
        MetadataRow("attention.sliding_window", np.uint32, window),
        MetadataRow("attention.shared_kv_layers", np.uint32, lambda config: len(shared(config))),
        MetadataRow("embedding_length_per_layer_input", np.uint32, per_layer),
        MetadataRow(
            "attention.sliding_window_pattern",
            bool,
            lambda config: [kind == SLIDING for kind in kinds(config)],
        ),
        MetadataRow("attention.key_length_swa", np.uint32, of_full("head")),
        MetadataRow("attention.value_length_swa", np.uint32, of_full("head")),
        MetadataRow("expert_feed_forward_length", np.uint32, setting("moe_intermediate_size")),
        MetadataRow("rope.dimension_count", np.uint32, of_full("full_head")),
        MetadataRow("rope.dimension_count_swa", np.uint32, of_full("head")),
    ),
    computed={"rope_freqs.weight": full_factors},
    refusals=(
        quantized,
        GELU,
        causal,
        kinds_refusal,
        layers_refusal,
        shared_refusal,
        inputs_refusal,
        full_rope_refusal,
        refused_of(SLIDING_ROPE, rope_refusal("default")),
    ),
    defaults={
        **COMMON,
        "max_position_embeddings": 131072,
        "hidden_size_per_layer_input": 256,
        "vocab_size": 262144,
        "vocab_size_per_layer_input": 262144,
        "sliding_window": 512,
        "sliding_window_pattern": 6,
    },
    ignored={
        **ROTARY_BUFFERS,
        r"model\.layers\.\d+\.self_attn\.[kv]_(proj|norm)\.weight": (
            "the layer uses keys and values of an earlier one"
        ),
    },
)

GEMMA4_SEEING = replace(
    GEMMA4,
    hf_name="Gemma4ForConditionalGeneration",
    nested="text_config",
    renamed=TEXT_TOWER,
    ignored={
        **GEMMA4.ignored,
        r"(model\.)?(vision_tower|embed_vision)\..*": SEES,
        r"(model\.)?(audio_tower|embed_audio)\..*": "it belongs to the part that hears, which is not converted",
    },
)
