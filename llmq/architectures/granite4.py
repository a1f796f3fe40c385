"""Granite 4: one class for dense models, mixtures and hybrids with Mamba.

Granite 4 keeps its MLP where others keep a shared expert: it is the MLP of a model without experts.
llama.cpp computes the hybrids as `granitehybrid`, models of attention alone as `granite` or, with
experts, as `granitemoe` (`GraniteHybridModel` in its conversion/granite.py).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from llmq.architectures.decoder import (
    GGUF,
    HF,
    INPUT,
    NORMS,
    OUTPUT,
    with_value,
)
from llmq.architectures.granite import GRANITE
from llmq.architectures.granite_moe import (
    ATTENTION_ROWS,
    EXPERTS,
    GRANITE_MOE,
    MIXTURE_METADATA,
    half,
    has_experts,
    mixture_sizes,
)
from llmq.architectures.hybrid import in_layers, kinds_refusal, layers_of, listed
from llmq.architectures.mamba import MAMBA, MAMBA_METADATA, mamba_refusal, mamba_sizes
from llmq.architectures.sizes import sizes
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    Sizes,
    TensorRow,
    required_int,
)
from llmq.tokenizer.family_rules import NO_RULES

ATTENDING, REMEMBERING = "full_attention", "linear_attention"
OLDER_NAMES = {"attention": ATTENDING, "mamba": REMEMBERING}  # transformers before 5


def layer_types(config: Config) -> list[str]:
    """The kind of every layer, by its present name."""
    layers = required_int(config, "num_hidden_layers")
    field = "layer_types" if "layer_types" in config else "layers_block_type"
    kinds = listed(config, field, [REMEMBERING] * layers)
    return [OLDER_NAMES.get(kind, kind) for kind in kinds]


attending = layers_of(layer_types, ATTENDING)
remembering = layers_of(layer_types, REMEMBERING)


def dense(config: Config) -> bool:
    """Layers have an MLP alone."""
    return not has_experts(config)


def has_shared(config: Config) -> bool:
    """Layers have experts and a shared one."""
    return has_experts(config) and "shared_intermediate_size" in config


def granite4_sizes(config: Config) -> Sizes:
    """Those of a mixture and of Mamba."""
    found = {**mixture_sizes(config), **mamba_sizes(config)}
    first = found["kv_heads"] if 0 in attending(config) else 0
    return {**found, "first_kv_heads": first}


# --- tensors ---


def mlp(suffix: str) -> tuple[TensorRow, ...]:
    """The MLP, or the shared expert, by the end of its names in the file."""
    both = TensorRow(
        HF + "shared_mlp.input_linear.weight",
        GGUF + f"ffn_gate{suffix}.weight",
        ("two_shared", "embd"),
        view=half(0),
    )
    return (
        both,
        replace(both, target=GGUF + f"ffn_up{suffix}.weight", view=half(1)),
        TensorRow(
            HF + "shared_mlp.output_linear.weight",
            GGUF + f"ffn_down{suffix}.weight",
            ("embd", "shared_ff"),
        ),
    )


def where(rows: tuple[TensorRow, ...], present: Callable[[Config], bool]) -> tuple[TensorRow, ...]:
    """The rows, in some models alone."""
    return tuple(replace(row, present=present) for row in rows)


MLPS = (
    *where(EXPERTS, has_experts),
    *where(mlp("_shexp"), has_shared),
    *where(mlp(""), dense),
)
# --- metadata ---


def shared_width(config: Config) -> int | None:
    """The width of the MLP or shared expert; the converter writes it for both."""
    return mixture_sizes(config)["shared_ff"] if "shared_intermediate_size" in config else None


def width(config: Config) -> int:
    """The width that layers are said to have: of an expert, or of the MLP."""
    found = mixture_sizes(config)
    return found["ff"] if has_experts(config) else found["shared_ff"]


def turns(config: Config) -> bool:
    """Queries and keys have positions."""
    return config.get("position_embedding_type") == "rope"


def context(config: Config) -> object:
    """The context; a hybrid without positions has no end, and the converter writes this one."""
    endless = remembering(config) and not turns(config)
    return 1 << 20 if endless else config.get("max_position_embeddings")


def kv_heads(config: Config) -> list[int]:
    """Heads of keys and values in every layer; those without are Mamba layers to llama.cpp."""
    heads = sizes(config)["kv_heads"]
    return [heads if kind == ATTENDING else 0 for kind in layer_types(config)]


SHARED_WIDTH = MetadataRow("expert_shared_feed_forward_length", np.uint32, shared_width)
HYBRID_METADATA = tuple(
    MetadataRow(row.key, np.int32, kv_heads) if row.key == "attention.head_count_kv" else row
    for row in with_value(
        with_value(MIXTURE_METADATA, width, "feed_forward_length"), context, "context_length"
    )
)

GRANITE4_HYBRID = replace(
    GRANITE_MOE,
    name="granitehybrid",
    hf_name="GraniteMoeHybridForCausalLM",
    sizes=granite4_sizes,
    tensors=(
        *INPUT,
        *NORMS,
        *in_layers(ATTENTION_ROWS, attending),
        *in_layers(MAMBA, remembering),
        *MLPS,
        *OUTPUT,
    ),
    metadata=HYBRID_METADATA,
    late_metadata=(
        *GRANITE.late_metadata,
        SHARED_WIDTH,
        *MAMBA_METADATA,
        MetadataRow("rope.scaling.finetuned", bool, turns),  # whether there is a rope at all
    ),
    refusals=(
        *GRANITE.refusals,
        kinds_refusal(layer_types, ATTENDING, REMEMBERING),
        mamba_refusal,
    ),
    defaults={
        **GRANITE_MOE.defaults,
        "shared_intermediate_size": 1024,
        "mamba_n_heads": 128,
        "mamba_n_groups": 1,
        "mamba_d_state": 256,
        "mamba_d_conv": 4,
        "mamba_expand": 2,
        "mamba_conv_bias": True,
    },
    models="Granite 4.0 (350m, 1b, micro, h-350m, h-1b, h-micro, h-tiny)",
    tokenizer=NO_RULES,
)


def positions_refusal(config: Config) -> str | None:
    """The refusal of attention without positions, for the graph that always turns."""
    if turns(config):
        return None
    found = config.get("position_embedding_type")
    return f"position_embedding_type is {found!r}, and llama.cpp's granitemoe computes with 'rope'"


GRANITE4_MIXTURE = replace(
    GRANITE4_HYBRID,
    name="granitemoe",
    refusals=(*GRANITE4_HYBRID.refusals, positions_refusal),
)
GRANITE4_DENSE = replace(GRANITE4_HYBRID, name="granite")


def without_mamba(config: Config) -> Architecture | None:
    """The table of a model of attention alone."""
    if remembering(config):
        return None
    return GRANITE4_MIXTURE if has_experts(config) else GRANITE4_DENSE


GRANITE4 = replace(GRANITE4_HYBRID, instead=without_mamba)
