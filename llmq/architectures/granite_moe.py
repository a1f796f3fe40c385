"""Granite 3 with experts: two matrices of every expert lie in one, the gate on top."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from llmq.architectures.decoder import (
    ATTENTION,
    GGUF,
    HF,
    INPUT,
    NORMS,
    OUTPUT,
    biases,
    with_value,
)
from llmq.architectures.experts import n_experts, with_expert_keys
from llmq.architectures.granite import GRANITE
from llmq.architectures.rope import paired
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Config, Sizes, TensorRow, required_int, switch
from llmq.views import Picked
from llmq.weights import Weights


def has_experts(config: Config) -> bool:
    """Layers have experts, and a shared one beside them where there is an MLP."""
    return bool(n_experts(config))


def mixture_sizes(config: Config) -> Sizes:
    """A decoder's sizes and those of the matrices that hold two."""
    found = sizes(config)
    shared = required_int(config, "shared_intermediate_size", found["ff"])
    return {
        **found,
        "experts": required_int({"experts": n_experts(config)}, "experts")
        if has_experts(config)
        else 0,
        "two_ff": 2 * found["ff"],
        "shared_ff": shared,
        "two_shared": 2 * shared,
    }


# --- tensors ---


def half(number: int) -> Callable[[Weights, Sizes], Weights]:
    """A view: the gate (0) or the other matrix (1) of every matrix that holds both."""
    return partial(_half, number=number)


def _half(weights: Weights, sizes: Sizes, *, number: int) -> Weights:  # noqa: ARG001  # a view
    *experts, rows, columns = weights.shape
    each = rows // 2
    starts = [expert * rows + number * each for expert in range(experts[0] if experts else 1)]
    pieces = tuple((start, start + each) for start in starts)
    return Picked(weights, pieces, (*experts, each, columns))


SPARSE = HF + "block_sparse_moe."
GATE_AND_UP = TensorRow(
    SPARSE + "input_linear.weight",
    GGUF + "ffn_gate_exps.weight",
    ("experts", "two_ff", "embd"),
    view=half(0),
)
EXPERTS = (
    TensorRow(SPARSE + "router.layer.weight", GGUF + "ffn_gate_inp.weight", ("experts", "embd")),
    GATE_AND_UP,
    replace(GATE_AND_UP, target=GGUF + "ffn_up_exps.weight", view=half(1)),
    TensorRow(
        SPARSE + "output_linear.weight",
        GGUF + "ffn_down_exps.weight",
        ("experts", "embd", "ff"),
    ),
)


ATTENTION_ROWS = paired((*ATTENTION, *biases(ATTENTION, switch("attention_bias"))))
# Names of transformers' own modules, where a checkpoint has them.
MODULES = (
    (r"\.block_sparse_moe\.experts\.gate_up_proj$", ".block_sparse_moe.input_linear.weight"),
    (r"\.block_sparse_moe\.experts\.down_proj$", ".block_sparse_moe.output_linear.weight"),
    (r"\.block_sparse_moe\.router\.weight$", ".block_sparse_moe.router.layer.weight"),
)


def used_experts(config: Config) -> int:
    """The experts that compute a token; llama.cpp takes none but 0 where there are none."""
    return required_int(config, "num_experts_per_tok") if has_experts(config) else 0


MIXTURE_METADATA = with_value(with_expert_keys(GRANITE.metadata), used_experts, "expert_used_count")

GRANITE_MOE = replace(
    GRANITE,
    name="granitemoe",
    hf_name="GraniteMoeForCausalLM",
    walked=False,  # nor are the mixtures and hybrids made of it
    sizes=mixture_sizes,
    tensors=(*INPUT, *NORMS, *ATTENTION_ROWS, *EXPERTS, *OUTPUT),
    metadata=MIXTURE_METADATA,
    defaults={**GRANITE.defaults, "num_local_experts": 8, "num_experts_per_tok": 2},
    renamed=MODULES,
    models="Granite 3 (1b-a400m, 3b-a800m)",
)
