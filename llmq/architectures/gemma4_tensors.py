"""Gemma 4's tensors: shapes by the kind of layer, inputs of every layer, experts."""

from collections.abc import Callable
from dataclasses import replace

from llmq.architectures.decoder import GGUF, HF, INPUT, OUTPUT
from llmq.architectures.gemma import BEFORE_AND_AFTER
from llmq.architectures.gemma4_sizes import has_experts, own, own_of, own_values, per_layer, shared
from llmq.architectures.layer_kinds import FULL, SLIDING, layers_of
from llmq.architectures.table import Config, TensorRow

ATTN = HF + "self_attn."


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


def only(
    present: Callable[[Config], bool], *rows: tuple[str, str, tuple[str, ...]]
) -> tuple[TensorRow, ...]:
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
TENSORS = (
    *INPUT,
    *INPUTS,
    *BEFORE_AND_AFTER,
    *ATTENTION,
    *MLP,
    *EXPERTS,
    *LAYER_INPUTS,
    SCALE,
    *OUTPUT,
)
