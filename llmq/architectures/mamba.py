"""Mamba 2 layers: what llama.cpp's `build_mamba2_layer` (models/mamba-base.cpp) is given."""

import numpy as np

from llmq.architectures.decoder import GGUF, HF
from llmq.architectures.states import as_matrix, minus_exp
from llmq.architectures.table import (
    Config,
    MetadataRow,
    Sizes,
    TensorRow,
    Transform,
    required_int,
    setting,
)
from llmq.views import Reshaped
from llmq.weights import Rows, Weights


def mamba_sizes(config: Config) -> Sizes:
    """The sizes of the layers that remember."""
    heads = required_int(config, "mamba_n_heads")
    groups = required_int(config, "mamba_n_groups")
    state = required_int(config, "mamba_d_state")
    inner = required_int(config, "mamba_expand") * required_int(config, "hidden_size")
    convolved = inner + 2 * groups * state
    return {
        "mamba_heads": heads,
        "mamba_groups": groups,
        "mamba_inner": inner,
        "mamba_convolved": convolved,
        "mamba_in": inner + convolved + heads,
        "kernel": required_int(config, "mamba_d_conv"),
        "one": 1,
    }


def inner_size(config: Config) -> int:
    """A metadata value: the width inside a layer."""
    return mamba_sizes(config)["mamba_inner"]


MAMBA_METADATA = (
    MetadataRow("ssm.conv_kernel", np.uint32, setting("mamba_d_conv")),
    MetadataRow("ssm.state_size", np.uint32, setting("mamba_d_state")),
    MetadataRow("ssm.group_count", np.uint32, setting("mamba_n_groups")),
    MetadataRow("ssm.inner_size", np.uint32, inner_size),
    MetadataRow("ssm.time_step_rank", np.uint32, setting("mamba_n_heads")),
)


def as_column(weights: Weights, sizes: Sizes) -> Weights:  # noqa: ARG001  # the signature of a view
    """A vector as a matrix of one column, as `ggml_ssm_scan` takes it."""
    return Reshaped(weights, (weights.shape[0], 1))


def by_group(weights: Weights, sizes: Sizes) -> Weights:
    """A norm's weights, a row for every group."""
    groups = sizes["mamba_groups"]
    return Reshaped(weights, (groups, weights.shape[0] // groups))


def decays(rows: Rows, unit: int) -> Rows:  # noqa: ARG001  # the signature of every transform
    """-exp of what is stored."""
    return minus_exp(rows)


def decay(sizes: Sizes) -> Transform:  # noqa: ARG001  # the signature of every maker
    """What makes a head's decay of the logarithm that is stored."""
    return Transform(1, decays)


SOURCE = HF + "mamba."
MAMBA = (
    TensorRow(SOURCE + "in_proj.weight", GGUF + "ssm_in.weight", ("mamba_in", "embd")),
    TensorRow(
        SOURCE + "conv1d.weight",
        GGUF + "ssm_conv1d.weight",
        ("mamba_convolved", "one", "kernel"),
        view=as_matrix,
    ),
    TensorRow(SOURCE + "conv1d.bias", GGUF + "ssm_conv1d.bias", ("mamba_convolved",)),
    TensorRow(SOURCE + "dt_bias", GGUF + "ssm_dt.bias", ("mamba_heads",)),
    TensorRow(SOURCE + "A_log", GGUF + "ssm_a", ("mamba_heads",), transform=decay, view=as_column),
    TensorRow(SOURCE + "D", GGUF + "ssm_d", ("mamba_heads",), view=as_column),
    TensorRow(SOURCE + "norm.weight", GGUF + "ssm_norm.weight", ("mamba_inner",), view=by_group),
    TensorRow(SOURCE + "out_proj.weight", GGUF + "ssm_out.weight", ("embd", "mamba_inner")),
)


def mamba_refusal(config: Config) -> str | None:
    """The refusal of Mamba layers that the graph does not compute."""
    expand = required_int(config, "mamba_expand")
    if expand != 2:
        return f"mamba_expand is {expand}, and llama.cpp knows only 2"
    heads, inner = required_int(config, "mamba_n_heads"), inner_size(config)
    if inner % heads:
        return f"mamba_n_heads {heads} does not divide the width {inner} of a Mamba layer"
    if config.get("mamba_proj_bias"):
        return "mamba_proj_bias is on, and llama.cpp's Mamba layers have none"
    if not config.get("mamba_conv_bias"):
        return "mamba_conv_bias is off, and llama.cpp's Mamba layers always add one"
    return _on_limits(config.get("time_step_limit"))


def _on_limits(limits: object) -> str | None:
    """The refusal of time steps that are held within limits, which llama.cpp does not do."""
    if not isinstance(limits, list | tuple) or len(limits) != 2:
        return None
    low, high = limits
    endless = isinstance(high, dict) or high == float("inf")  # transformers writes it either way
    if low == 0 and endless:
        return None
    return f"time_step_limit is {list(limits)!r:.60}, and llama.cpp sets no limits"
