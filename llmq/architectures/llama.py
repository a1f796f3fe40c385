"""Llama 1, 2, 3, 3.1 and later dense models: names, sizes, metadata and Llama 3's rope factors."""

import math
from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    Rows,
    Sizes,
    TensorRow,
    field,
    no_window,
    required_int,
)
from llmq.errors import ArchitectureError

# Rope settings that may stand in the configuration itself, and whether they win over those inside.
OUTSIDE = {
    "rope_theta": False,
    "partial_rotary_factor": False,
    "original_max_position_embeddings": True,
}


def rope(config: Config) -> dict[str, object]:
    """The rope settings, wherever this configuration keeps them, under their current names.

    transformers 5 writes `rope_parameters`; before, `rope_scaling` and a separate `rope_theta`. Where
    several places say something, the order is that of `RotaryEmbeddingConfigMixin` in transformers'
    modeling_rope_utils.py.
    """
    found = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if not isinstance(found, dict):
        raise ArchitectureError(
            f"config.json: the rope settings are {found!r} instead of an object"
        )
    settings = dict(found)
    for name, outer_wins in OUTSIDE.items():
        if config.get(name) is not None and (outer_wins or name not in settings):
            settings[name] = config[name]
    settings.setdefault("rope_type", settings.get("type", "default"))
    return settings


def rope_number(config: Config, name: str, default: float | None = None) -> float:
    """One number of the rope settings; `ArchitectureError` where it is missing or no number."""
    value = rope(config).get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e30:
        raise ArchitectureError(
            f"config.json: the rope setting {name} is {value!r} instead of a positive number"
        )
    return float(value)


def rope_setting(name: str, *kinds: str) -> Callable[[Config], float | None]:
    """A metadata value: the rope setting `name`, where the kind of scaling is one of `kinds`."""

    def value(config: Config) -> float | None:
        settings = rope(config)
        if (kinds and settings["rope_type"] not in kinds) or settings.get(name) is None:
            return None
        return rope_number(config, name)

    return value


def rope_scaling_type(config: Config) -> str | None:
    """llama.cpp's name of the scaling, for the two kinds that are settings alone."""
    kind = rope(config)["rope_type"]
    return str(kind) if kind in ("linear", "yarn") else None


def llama3_rope_factors(config: Config) -> Rows | None:
    """The divisor of every rope frequency under Llama 3's scaling, shape (head_size / 2,); else None.

    Frequencies whose wavelength is short against the original context stay, long ones are divided by
    `factor`, and between the two the divisor is interpolated (`_compute_llama3_parameters` in
    transformers' modeling_rope_utils.py). All of it in float32, as the reference does.
    """
    if rope(config)["rope_type"] != "llama3":
        return None
    head_size = sizes(config)["head"]
    factor = rope_number(config, "factor")
    low = rope_number(config, "low_freq_factor")
    high = rope_number(config, "high_freq_factor")
    context = rope_number(
        config, "original_max_position_embeddings", config.get("max_position_embeddings")
    )
    if not low < high:
        raise ArchitectureError(
            f"config.json: low_freq_factor {low} is not below high_freq_factor {high}"
        )
    exponents = np.arange(0, head_size, 2, dtype=np.float32) / np.float32(head_size)
    base = np.float32(rope_number(config, "rope_theta", 10000.0))
    wavelengths = np.float32(2 * math.pi) / (np.float32(1) / base**exponents)
    smooth = (np.float32(context) / wavelengths - np.float32(low)) / np.float32(high - low)
    between = np.float32(1) / ((np.float32(1) - smooth) / np.float32(factor) + smooth)
    factors = np.where(wavelengths > np.float32(context / low), np.float32(factor), between)
    return np.where(wavelengths < np.float32(context / high), np.float32(1), factors)


def sizes(config: Config) -> Sizes:
    """The numbers that shapes are made of."""
    heads = required_int(config, "num_attention_heads")
    embd = required_int(config, "hidden_size")
    head = required_int(config, "head_dim", embd // heads)
    kv_heads = required_int(config, "num_key_value_heads", heads)
    if head < 2 or head % 2 or heads % kv_heads:
        raise ArchitectureError(
            f"config.json: {heads} heads of {head} with {kv_heads} for keys do not divide"
        )
    return {
        "vocab": required_int(config, "vocab_size"),
        "embd": embd,
        "ff": required_int(config, "intermediate_size"),
        "layers": required_int(config, "num_hidden_layers"),
        "head": head,
        "q": heads * head,
        "kv": kv_heads * head,
    }


# What llama.cpp's graphs of these families take as given in yarn scaling, whatever the file says: their
# `load_arch_hparams` do not read the keys. `mscale` counts in transformers only beside `mscale_all_dim`.
YARN_FIXED = {"beta_fast": 32.0, "beta_slow": 1.0, "truncate": 1.0, "mscale_all_dim": 0.0}


def refused(
    config: Config, kinds: Collection[str] = ("default", "linear", "yarn", "llama3")
) -> str | None:
    """The first reason for which a model of this family cannot be converted, or None.

    `kinds` are the kinds of rope scaling that llama.cpp's graph of the family knows.
    """
    if config.get("quantization_config") is not None:
        return "the checkpoint is quantized already (quantization_config); convert the original"
    if config.get("hidden_act", "silu") not in ("silu", "swish"):  # two names of one function
        return f"the activation {config['hidden_act']!r} is not supported, only 'silu'"
    settings = rope(config)
    if settings["rope_type"] not in kinds:
        return f"rope scaling of the kind {settings['rope_type']!r} is not supported"
    if any(isinstance(value, dict) for value in settings.values()):
        return "rope settings of their own for each kind of layer are not supported"
    fixed = {"partial_rotary_factor": 1.0}
    if settings["rope_type"] != "default":
        factor = rope_number(config, "factor")
        if settings["rope_type"] == "yarn":
            fixed |= YARN_FIXED | {"attention_factor": 0.1 * math.log(max(factor, 1)) + 1}
    for name, value in fixed.items():
        found = settings.get(name)
        close = isinstance(found, int | float) and value * 0.9999 <= found <= value * 1.0001
        if found is not None and not close:
            return f"the rope setting {name} is {found!r}, and llama.cpp computes with {value:g}"
    return None


def untied(config: Config) -> bool:
    """The output matrix is a tensor of its own."""
    return not config.get("tie_word_embeddings", False)


def attention_bias(config: Config) -> bool:
    """The attention projections have biases."""
    return bool(config.get("attention_bias", False))


def mlp_bias(config: Config) -> bool:
    """The feed-forward projections have biases."""
    return bool(config.get("mlp_bias", False))


HF = "model.layers.{i}."
GGUF = "blk.{i}."

INPUT = (TensorRow("model.embed_tokens.weight", "token_embd.weight", ("vocab", "embd")),)
OUTPUT = (
    TensorRow("model.norm.weight", "output_norm.weight", ("embd",)),
    TensorRow(
        "lm_head.weight",
        "output.weight",
        ("vocab", "embd"),
        present=untied,
        twin="model.embed_tokens.weight",
    ),
)
NORMS = (
    TensorRow(HF + "input_layernorm.weight", GGUF + "attn_norm.weight", ("embd",)),
    TensorRow(HF + "post_attention_layernorm.weight", GGUF + "ffn_norm.weight", ("embd",)),
)
MATRICES = (
    TensorRow(HF + "self_attn.q_proj.weight", GGUF + "attn_q.weight", ("q", "embd")),
    TensorRow(HF + "self_attn.k_proj.weight", GGUF + "attn_k.weight", ("kv", "embd")),
    TensorRow(HF + "self_attn.v_proj.weight", GGUF + "attn_v.weight", ("kv", "embd")),
    TensorRow(HF + "self_attn.o_proj.weight", GGUF + "attn_output.weight", ("embd", "q")),
    TensorRow(HF + "mlp.gate_proj.weight", GGUF + "ffn_gate.weight", ("ff", "embd")),
    TensorRow(HF + "mlp.up_proj.weight", GGUF + "ffn_up.weight", ("ff", "embd")),
    TensorRow(HF + "mlp.down_proj.weight", GGUF + "ffn_down.weight", ("embd", "ff")),
)
ATTENTION_BIASES = (
    TensorRow(HF + "self_attn.q_proj.bias", GGUF + "attn_q.bias", ("q",), present=attention_bias),
    TensorRow(HF + "self_attn.k_proj.bias", GGUF + "attn_k.bias", ("kv",), present=attention_bias),
    TensorRow(HF + "self_attn.v_proj.bias", GGUF + "attn_v.bias", ("kv",), present=attention_bias),
    TensorRow(
        HF + "self_attn.o_proj.bias", GGUF + "attn_output.bias", ("embd",), present=attention_bias
    ),
)
MLP_BIASES = (
    TensorRow(HF + "mlp.gate_proj.bias", GGUF + "ffn_gate.bias", ("ff",), present=mlp_bias),
    TensorRow(HF + "mlp.up_proj.bias", GGUF + "ffn_up.bias", ("ff",), present=mlp_bias),
    TensorRow(HF + "mlp.down_proj.bias", GGUF + "ffn_down.bias", ("embd",), present=mlp_bias),
)


def paired(rows: tuple[TensorRow, ...]) -> tuple[TensorRow, ...]:
    """The rows, with queries and keys reordered as llama.cpp's LLAMA graph rotates them."""
    pairs = (".attn_q.", ".attn_k.")
    return tuple(
        replace(row, transform="rope_pairs") if any(part in row.target for part in pairs) else row
        for row in rows
    )


METADATA = (
    MetadataRow("block_count", np.uint32, field("num_hidden_layers"), required=True),
    MetadataRow("context_length", np.uint32, field("max_position_embeddings"), required=True),
    MetadataRow("embedding_length", np.uint32, field("hidden_size"), required=True),
    MetadataRow("feed_forward_length", np.uint32, field("intermediate_size"), required=True),
    MetadataRow("attention.head_count", np.uint32, field("num_attention_heads"), required=True),
    MetadataRow("attention.head_count_kv", np.uint32, field("num_key_value_heads")),
    MetadataRow("rope.scaling.type", str, rope_scaling_type),
    MetadataRow("rope.scaling.factor", np.float32, rope_setting("factor", "linear", "yarn")),
    MetadataRow(
        "rope.scaling.original_context_length",
        np.uint32,
        rope_setting("original_max_position_embeddings", "yarn"),
    ),
    MetadataRow(
        "rope.scaling.yarn_ext_factor", np.float32, rope_setting("extrapolation_factor", "yarn")
    ),
    MetadataRow(
        "rope.scaling.yarn_attn_factor", np.float32, rope_setting("attention_factor", "yarn")
    ),
    MetadataRow("rope.scaling.yarn_beta_fast", np.float32, rope_setting("beta_fast", "yarn")),
    MetadataRow("rope.scaling.yarn_beta_slow", np.float32, rope_setting("beta_slow", "yarn")),
    MetadataRow("rope.freq_base", np.float32, rope_setting("rope_theta")),
    MetadataRow(
        "attention.layer_norm_rms_epsilon", np.float32, field("rms_norm_eps"), required=True
    ),
    MetadataRow("attention.key_length", np.uint32, field("head_dim")),
    MetadataRow("attention.value_length", np.uint32, field("head_dim")),
)


def head_size(config: Config) -> int:
    """The numbers in one head's vector."""
    return sizes(config)["head"]


HEAD_METADATA = tuple(
    replace(row, value=head_size) if row.key.endswith(("key_length", "value_length")) else row
    for row in METADATA
)
LLAMA_METADATA = (
    MetadataRow("vocab_size", np.uint32, field("vocab_size"), required=True),
    MetadataRow("rope.dimension_count", np.uint32, head_size),
)
ROTARY_BUFFERS = {
    r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq": "it follows from the configuration"
}

LLAMA = Architecture(
    name="llama",
    hf_name="LlamaForCausalLM",
    sizes=sizes,
    tensors=paired(INPUT + NORMS + MATRICES + ATTENTION_BIASES + MLP_BIASES + OUTPUT),
    metadata=HEAD_METADATA,
    late_metadata=LLAMA_METADATA,
    computed={"rope_freqs.weight": llama3_rope_factors},
    refused=refused,
    window=no_window,
    defaults={"rope_theta": 10000.0, "rms_norm_eps": 1e-6, "max_position_embeddings": 2048},
    ignored=ROTARY_BUFFERS,
)
