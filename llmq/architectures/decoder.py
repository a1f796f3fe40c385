"""What dense decoders share: rows of tensors and metadata, conditions, refusals, defaults."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from llmq.architectures.rope import ROPE_METADATA
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Config, MetadataRow, Refusal, TensorRow, setting

HF = "model.layers.{i}."
GGUF = "blk.{i}."


def untied(config: Config) -> bool:
    """The output matrix is a tensor of its own."""
    return not config.get("tie_word_embeddings", False)


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
HEAD_NORMS = (
    TensorRow(HF + "self_attn.q_norm.weight", GGUF + "attn_q_norm.weight", ("head",)),
    TensorRow(HF + "self_attn.k_norm.weight", GGUF + "attn_k_norm.weight", ("head",)),
)
QKV = (
    TensorRow(HF + "self_attn.q_proj.weight", GGUF + "attn_q.weight", ("q", "embd")),
    TensorRow(HF + "self_attn.k_proj.weight", GGUF + "attn_k.weight", ("kv", "embd")),
    TensorRow(HF + "self_attn.v_proj.weight", GGUF + "attn_v.weight", ("kv", "embd")),
)
ATTENTION = (
    *QKV,
    TensorRow(HF + "self_attn.o_proj.weight", GGUF + "attn_output.weight", ("embd", "q")),
)
MLP = (
    TensorRow(HF + "mlp.gate_proj.weight", GGUF + "ffn_gate.weight", ("ff", "embd")),
    TensorRow(HF + "mlp.up_proj.weight", GGUF + "ffn_up.weight", ("ff", "embd")),
    TensorRow(HF + "mlp.down_proj.weight", GGUF + "ffn_down.weight", ("embd", "ff")),
)


def biases(
    matrices: tuple[TensorRow, ...], present: Callable[[Config], bool]
) -> tuple[TensorRow, ...]:
    """The rows of the biases of these matrices: one number for each row of a matrix."""
    return tuple(
        TensorRow(
            row.source.replace(".weight", ".bias"),
            row.target.replace(".weight", ".bias"),
            row.shape[:1],
            present=present,
        )
        for row in matrices
    )


METADATA = (
    MetadataRow("block_count", np.uint32, setting("num_hidden_layers"), required=True),
    MetadataRow("context_length", np.uint32, setting("max_position_embeddings"), required=True),
    MetadataRow("embedding_length", np.uint32, setting("hidden_size"), required=True),
    MetadataRow("feed_forward_length", np.uint32, setting("intermediate_size"), required=True),
    MetadataRow("attention.head_count", np.uint32, setting("num_attention_heads"), required=True),
    MetadataRow("attention.head_count_kv", np.uint32, setting("num_key_value_heads")),
    *ROPE_METADATA,
    MetadataRow(
        "attention.layer_norm_rms_epsilon", np.float32, setting("rms_norm_eps"), required=True
    ),
    MetadataRow("attention.key_length", np.uint32, setting("head_dim")),
    MetadataRow("attention.value_length", np.uint32, setting("head_dim")),
)


def with_value(
    rows: tuple[MetadataRow, ...], value: Callable[[Config], object], *keys: str
) -> tuple[MetadataRow, ...]:
    """The rows, with another `value` for these `keys`."""
    return tuple(replace(row, value=value) if row.key in keys else row for row in rows)


def before(rows: tuple[MetadataRow, ...], key: str, *more: MetadataRow) -> tuple[MetadataRow, ...]:
    """The rows with `more` in front of that of `key`."""
    place = next(number for number, row in enumerate(rows) if row.key == key)
    return (*rows[:place], *more, *rows[place:])


def activation_refusal(field: str, *names: str) -> Refusal:
    """The check that the setting `field` is one of `names`, which all mean the same function."""

    def reason(config: Config) -> str | None:
        found = config.get(field)
        if found in names:
            return None
        return f"the activation {found!r} is not supported, only {names[0]!r}"

    return reason


def heads_refusal(graph: str) -> Refusal:
    """The check that the heads are the hidden size cut up, as some of llama.cpp's graphs have them.

    Their `load_arch_tensors` takes n_embd for the sizes of the queries and of what the heads put
    out.
    """

    def reason(config: Config) -> str | None:
        found = sizes(config)
        if found["q"] == found["embd"]:
            return None
        return (
            f"{found['heads']} heads of {found['head']} numbers are not the hidden size"
            f" {found['embd']}, and llama.cpp's {graph} knows no others"
        )

    return reason


def switch_refusal(field: str, graph: str) -> Refusal:
    """The check that the setting `field` is off, for which llama.cpp's `graph` has no tensors."""

    def reason(config: Config) -> str | None:
        return f"{field} is on, and llama.cpp's {graph} has none" if config.get(field) else None

    return reason


SILU = activation_refusal("hidden_act", "silu", "swish")

DEFAULTS = {"hidden_act": "silu", "rope_theta": 10000.0, "rms_norm_eps": 1e-6}
