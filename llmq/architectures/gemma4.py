"""Gemma 4 (E2B, E4B and the larger ones), alone and as the text part of one that sees and hears.

Beside what Gemma 3 has: every layer gets a part of the token's second embedding as an input, the
last layers share keys and values and may have wider MLPs, full attention has wider heads of which
a part is rotated, and its values may be its keys. Norms multiply with w itself.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    METADATA,
)
from llmq.architectures.gemma import COMMON, GELU, causal, rows_named
from llmq.architectures.gemma4_sizes import (
    full_attention,
    layers_refusal,
    own,
    per_layer,
    shared,
    shared_refusal,
    sizes,
)
from llmq.architectures.gemma4_tensors import TENSORS, with_inputs
from llmq.architectures.layer_kinds import (
    FULL,
    SLIDING,
    kinds,
    kinds_refusal,
    refused_of,
    rope_metadata,
    rope_of,
    some_sliding,
)
from llmq.architectures.rope import ROTARY_BUFFERS, rope, rope_number, rope_refusal
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    required_int,
    setting,
)
from llmq.architectures.towers import SEES, TEXT_TOWER
from llmq.tokenizer.family_rules import GEMMA4 as GEMMA4_TOKENIZER
from llmq.weights import Rows

FULL_ROPE = rope_of(FULL, 1e6, "rope_theta")
SLIDING_ROPE = rope_of(SLIDING, 10000.0, "rope_local_base_freq")


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
    tensors=TENSORS,
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
        # 0 for none, where llama.cpp would take 30 (`f_final_logit_softcapping` in its
        # src/llama-hparams.h), which its converter leaves it to.
        MetadataRow("final_logit_softcapping", np.float32, setting("final_logit_softcapping", 0.0)),
        MetadataRow(
            "attention.sliding_window", np.uint32, setting("sliding_window"), required=True
        ),
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
    tokenizer=GEMMA4_TOKENIZER,
    walked=False,  # inputs of every layer, and keys that several share
    models="Gemma 4 E2B, E4B saved as text models",
    computed={"rope_freqs.weight": full_factors},
    refusals=(
        GELU,
        causal,
        kinds_refusal,
        some_sliding,
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
    models="Gemma 4 E2B, E4B, 26B-A4B, 31B",
    renamed=TEXT_TOWER,
    ignored={
        **GEMMA4.ignored,
        r"(model\.)?(vision_tower|embed_vision)\..*": SEES,
        r"(model\.)?(audio_tower|embed_audio)\..*": "it belongs to the part that hears, which is not converted",
    },
)
