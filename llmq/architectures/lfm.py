"""LFM2: short convolutions in most layers, attention in some.

A convolution sees as many tokens as its kernel is long; see llama.cpp's models/lfm2.cpp and
modeling_lfm2.py in transformers.
"""

from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import GGUF, HF, INPUT, METADATA
from llmq.architectures.hybrid import in_layers, kinds_refusal, layers_of, listed
from llmq.architectures.rope import rope_refusal
from llmq.architectures.sizes import sizes
from llmq.architectures.states import as_matrix
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    Sizes,
    TensorRow,
    required_int,
    setting,
)
from llmq.errors import ArchitectureError

CONVOLUTION, ATTENDING = "conv", "full_attention"


def layer_types(config: Config) -> list[str]:
    """The kind of every layer."""
    layers = range(required_int(config, "num_hidden_layers"))
    found = config.get("full_attn_idxs")
    attend = found if isinstance(found, list) else layers
    usual = [ATTENDING if layer in attend else CONVOLUTION for layer in layers]
    return listed(config, "layer_types", usual)


convolutions = layers_of(layer_types, CONVOLUTION)
attending = layers_of(layer_types, ATTENDING)


def mlp_size(config: Config) -> int:
    """The width of the MLP, which is cut by a third and rounded up (`Lfm2MLP`)."""
    written = config.get("block_ff_dim", config.get("intermediate_size"))
    width = required_int({"intermediate_size": written}, "intermediate_size")
    if not config.get("block_auto_adjust_ff_dim"):
        return width
    width = int(2 * width / 3)
    times = config.get("block_ffn_dim_multiplier")
    if times is None:
        return width
    if isinstance(times, bool) or not isinstance(times, int | float) or not 0 < times < 1e6:
        raise ArchitectureError(
            f"config.json: block_ffn_dim_multiplier is {times!r} instead of a positive number"
        )
    whole = required_int(config, "block_multiple_of")
    return -(-int(times * width) // whole) * whole


def lfm_sizes(config: Config) -> Sizes:
    """A decoder's sizes and those of the convolutions."""
    found = sizes({**config, "intermediate_size": mlp_size(config)})
    return {
        **found,
        "first_kv_heads": found["kv_heads"] if 0 in attending(config) else 0,
        "three": 3 * found["embd"],
        "kernel": required_int(config, "conv_L_cache"),
        "one": 1,
    }


def kv_heads(config: Config) -> list[int]:
    """Heads of keys and values in every layer; those without are convolutions to llama.cpp."""
    heads = sizes({**config, "intermediate_size": 1})["kv_heads"]
    return [heads if kind == ATTENDING else 0 for kind in layer_types(config)]


def untied(config: Config) -> bool:
    """The output matrix is a tensor of its own; the older of the two settings wins."""
    return not config.get("tie_embedding", config.get("tie_word_embeddings"))


def lfm_refusal(config: Config) -> str | None:
    """The refusal of heads and biases that the graph does not have."""
    found = lfm_sizes(config)
    if found["q"] != found["embd"]:
        return (
            f"{found['heads']} heads of {found['head']} numbers are not the hidden size"
            f" {found['embd']}, and llama.cpp's lfm2 knows no others"
        )
    if config.get("conv_bias"):
        return "convolutions have biases (conv_bias), and those of llama.cpp's lfm2 have none"
    return None


CONVOLVING = (
    TensorRow(
        HF + "conv.conv.weight",
        GGUF + "shortconv.conv.weight",
        ("embd", "one", "kernel"),
        view=as_matrix,
    ),
    TensorRow(HF + "conv.in_proj.weight", GGUF + "shortconv.in_proj.weight", ("three", "embd")),
    TensorRow(HF + "conv.out_proj.weight", GGUF + "shortconv.out_proj.weight", ("embd", "embd")),
)
ATTENTION = tuple(
    TensorRow(HF + f"self_attn.{source}.weight", GGUF + f"{target}.weight", shape)
    for source, target, shape in (
        ("q_layernorm", "attn_q_norm", ("head",)),
        ("k_layernorm", "attn_k_norm", ("head",)),
        ("q_proj", "attn_q", ("q", "embd")),
        ("k_proj", "attn_k", ("kv", "embd")),
        ("v_proj", "attn_v", ("kv", "embd")),
        ("out_proj", "attn_output", ("embd", "q")),
    )
)
TENSORS = (
    *INPUT,
    TensorRow("model.embedding_norm.weight", "token_embd_norm.weight", ("embd",)),  # the last norm
    TensorRow(HF + "operator_norm.weight", GGUF + "attn_norm.weight", ("embd",)),
    *in_layers(CONVOLVING, convolutions),
    *in_layers(ATTENTION, attending),
    TensorRow(HF + "ffn_norm.weight", GGUF + "ffn_norm.weight", ("embd",)),
    TensorRow(HF + "feed_forward.w1.weight", GGUF + "ffn_gate.weight", ("ff", "embd")),
    TensorRow(HF + "feed_forward.w3.weight", GGUF + "ffn_up.weight", ("ff", "embd")),
    TensorRow(HF + "feed_forward.w2.weight", GGUF + "ffn_down.weight", ("embd", "ff")),
    TensorRow(
        "lm_head.weight",
        "output.weight",
        ("vocab", "embd"),
        present=untied,
        twin="model.embed_tokens.weight",
    ),
)


def early_mlp_size(config: Config) -> int | None:
    """The width of the MLP, where the converter writes it first under the usual name."""
    return mlp_size(config) if "intermediate_size" in config else None


LFM_METADATA = tuple(
    {
        "feed_forward_length": MetadataRow("feed_forward_length", np.uint32, early_mlp_size),
        "attention.head_count_kv": MetadataRow("attention.head_count_kv", np.int32, kv_heads),
        "attention.layer_norm_rms_epsilon": replace(row, value=setting("norm_eps")),
    }.get(row.key, row)
    for row in METADATA
)

LFM2 = Architecture(
    name="lfm2",
    hf_name="Lfm2ForCausalLM",
    sizes=lfm_sizes,
    tensors=TENSORS,
    metadata=LFM_METADATA,
    late_metadata=(
        MetadataRow("vocab_size", np.uint32, setting("vocab_size"), required=True),
        MetadataRow("shortconv.l_cache", np.uint32, setting("conv_L_cache")),
        MetadataRow("feed_forward_length", np.uint32, mlp_size),
    ),
    refusals=(
        kinds_refusal(layer_types, CONVOLUTION, ATTENDING),
        rope_refusal("default", "yarn"),
        lfm_refusal,
    ),
    defaults={
        "max_position_embeddings": 128000,
        "norm_eps": 1e-5,
        "rope_theta": 1000000.0,
        "num_key_value_heads": 8,
        "block_auto_adjust_ff_dim": True,
        "block_ffn_dim_multiplier": 1.0,
        "block_multiple_of": 256,
        "conv_L_cache": 3,
        "tie_word_embeddings": True,
    },
    models="LFM2 and LFM2.5 (230M to 2.6B)",
)
