"""Mixtures of experts: their sizes, tensors and keys.

The file holds the matrices of all experts of a layer as one tensor. Checkpoints hold a tensor for
each expert, or, as transformers 5 computes with them, one for all, of which `gate_up_proj` has the
two matrices of every expert behind each other: `UNFUSED` says how these come apart.
"""

import numpy as np

from llmq.architectures.decoder import GGUF, HF, before
from llmq.architectures.sizes import sizes
from llmq.architectures.table import (
    Config,
    MetadataRow,
    Refusal,
    Sizes,
    TensorRow,
    Unfused,
    required_int,
    setting,
)


def n_experts(config: Config) -> object:
    """How many experts a layer has, under its older or newer name."""
    return config.get("num_local_experts", config.get("num_experts"))


def expert_sizes(config: Config) -> Sizes:
    """A decoder's sizes and those of its experts."""
    return {
        **sizes({"intermediate_size": 1, **config}),  # the width of an MLP, which no layer has
        "experts": required_int({"num_experts": n_experts(config)}, "num_experts"),
        "expert_ff": required_int(config, "moe_intermediate_size"),
        "shared_ff": required_int(config, "shared_expert_intermediate_size", 1),
        "one": 1,
    }


ROUTER = TensorRow(HF + "mlp.gate.weight", GGUF + "ffn_gate_inp.weight", ("experts", "embd"))
EXPERTS = (
    ROUTER,
    *(
        TensorRow(HF + f"mlp.experts.{{e}}.{source}.weight", GGUF + f"{target}.weight", shape)
        for source, target, shape in (
            ("gate_proj", "ffn_gate_exps", ("expert_ff", "embd")),
            ("up_proj", "ffn_up_exps", ("expert_ff", "embd")),
            ("down_proj", "ffn_down_exps", ("embd", "expert_ff")),
        )
    ),
)
SHARED_EXPERT = tuple(
    TensorRow(HF + f"mlp.{source}.weight", GGUF + f"{target}.weight", shape)
    for source, target, shape in (
        ("shared_expert_gate", "ffn_gate_inp_shexp", ("one", "embd")),
        ("shared_expert.gate_proj", "ffn_gate_shexp", ("shared_ff", "embd")),
        ("shared_expert.up_proj", "ffn_up_shexp", ("shared_ff", "embd")),
        ("shared_expert.down_proj", "ffn_down_shexp", ("embd", "shared_ff")),
    )
)
UNFUSED = (
    Unfused(
        r"(.*\.mlp\.experts)\.gate_up_proj(\.weight)?",
        (r"\1.{e}.gate_proj.weight", r"\1.{e}.up_proj.weight"),
    ),
    Unfused(r"(.*\.mlp\.experts)\.down_proj(\.weight)?", (r"\1.{e}.down_proj.weight",)),
)


def with_expert_keys(rows: tuple[MetadataRow, ...]) -> tuple[MetadataRow, ...]:
    """The rows with how many experts there are, and how many of them compute a token."""
    return before(
        rows,
        "attention.key_length",
        MetadataRow("expert_count", np.uint32, n_experts, required=True),
        MetadataRow("expert_used_count", np.uint32, setting("num_experts_per_tok"), required=True),
    )


EXPERT_WIDTHS = (
    MetadataRow("expert_feed_forward_length", np.uint32, setting("moe_intermediate_size")),
    MetadataRow(
        "expert_shared_feed_forward_length", np.uint32, setting("shared_expert_intermediate_size")
    ),
)


# --- what llama.cpp does not compute ---


def sparse_refusal(graph: str) -> Refusal:
    """The check that every layer has experts, as in llama.cpp's `graph`."""

    def reason(config: Config) -> str | None:
        step, dense = config.get("decoder_sparse_step", 1), config.get("mlp_only_layers")
        if step == 1 and not dense:
            return None
        return (
            f"some layers have no experts (decoder_sparse_step {step!r}, mlp_only_layers {dense!r}),"
            f" and all layers of llama.cpp's {graph} have"
        )

    return reason


def weights_refusal(graph: str, *, sum_to_one: bool) -> Refusal:
    """The check that the weights of the experts chosen are made to sum to one, or are not."""

    def reason(config: Config) -> str | None:
        found = config.get("norm_topk_prob", False)
        if found is sum_to_one:
            return None
        return f"norm_topk_prob is {found!r}, and llama.cpp's {graph} computes with {sum_to_one}"

    return reason
