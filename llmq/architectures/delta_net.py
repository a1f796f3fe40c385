"""Gated delta nets: a state for every value head, which each token changes along its key.

See llama.cpp's models/delta-net-base.cpp.
"""

from collections.abc import Callable

import numpy as np

from llmq.architectures.decoder import GGUF, HF
from llmq.architectures.sizes import sizes
from llmq.architectures.table import Config, MetadataRow, Sizes, TensorRow, required_int
from llmq.architectures.value_heads import columns_tiled, decays_tiled, numbers_tiled, rows_tiled


def delta_sizes(config: Config) -> Sizes:
    """A decoder's sizes and those of the delta nets; mixtures need not say the width of an MLP."""
    found = sizes({"intermediate_size": 1, **config})
    keys = required_int(config, "linear_num_key_heads")
    values = required_int(config, "linear_num_value_heads")
    size = required_int(config, "linear_key_head_dim")
    return {
        **found,
        "gated_q": 2 * found["q"],
        "key_heads": keys,
        "value_heads": values,
        "delta_head": size,
        "delta_qk": 2 * keys * size,
        "delta_v": values * size,
        "delta_qkv": (2 * keys + values) * size,
        "kernel": required_int(config, "linear_conv_kernel_dim"),
        "one": 1,
    }


def heads_refusal(config: Config) -> str | None:
    """The refusal of value heads that do not fit their key heads."""
    keys, values = (required_int(config, f"linear_{kind}_head_dim") for kind in ("key", "value"))
    if keys != values:
        return (
            f"linear_key_head_dim {keys} and linear_value_head_dim {values} differ, and llama.cpp's"
            " qwen35 has one size for both"
        )
    keys, values = (required_int(config, f"linear_num_{kind}_heads") for kind in ("key", "value"))
    return f"{values} value heads are no multiple of {keys} key heads" if values % keys else None


def size(name: str) -> Callable[[Config], int]:
    """A metadata value: one of the sizes."""
    return lambda config: delta_sizes(config)[name]


DELTA_METADATA = (
    MetadataRow("ssm.conv_kernel", np.uint32, size("kernel")),
    MetadataRow("ssm.state_size", np.uint32, size("delta_head")),
    MetadataRow("ssm.group_count", np.uint32, size("key_heads")),
    MetadataRow("ssm.time_step_rank", np.uint32, size("value_heads")),
    MetadataRow("ssm.inner_size", np.uint32, size("delta_v")),
)

DELTA = HF + "linear_attn."
DELTA_ROWS = (
    TensorRow(
        DELTA + "in_proj_qkv.weight",
        GGUF + "attn_qkv.weight",
        ("delta_qkv", "embd"),
        view=rows_tiled("delta_head", behind="delta_qk"),
    ),
    TensorRow(
        DELTA + "in_proj_z.weight",
        GGUF + "attn_gate.weight",
        ("delta_v", "embd"),
        view=rows_tiled("delta_head"),
    ),
    TensorRow(
        DELTA + "in_proj_b.weight",
        GGUF + "ssm_beta.weight",
        ("value_heads", "embd"),
        view=rows_tiled("one"),
    ),
    TensorRow(
        DELTA + "in_proj_a.weight",
        GGUF + "ssm_alpha.weight",
        ("value_heads", "embd"),
        view=rows_tiled("one"),
    ),
    TensorRow(
        DELTA + "conv1d.weight",
        GGUF + "ssm_conv1d.weight",
        ("delta_qkv", "one", "kernel"),
        view=rows_tiled("delta_head", behind="delta_qk"),
    ),
    TensorRow(DELTA + "dt_bias", GGUF + "ssm_dt.bias", ("value_heads",), transform=numbers_tiled),
    TensorRow(DELTA + "A_log", GGUF + "ssm_a", ("value_heads",), transform=decays_tiled),
    TensorRow(DELTA + "norm.weight", GGUF + "ssm_norm.weight", ("delta_head",)),
    TensorRow(
        DELTA + "out_proj.weight",
        GGUF + "ssm_out.weight",
        ("embd", "delta_v"),
        transform=columns_tiled,
    ),
)
