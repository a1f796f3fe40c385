"""The same model with wider rows: zeros added until they are whole superblocks of 256 weights.

Small tutors often have rows of 576 or 896 weights, for which a recipe of superblocks falls back to
other formats; most larger models have none. With hidden channels, heads and vocabulary entries that
are nothing but zeros, the tutor computes the very same and its file is quantized as a larger
model's is.

Only for Llama's architecture where the number of heads grows in proportion: a query head must still
share the key head that it shared before.
"""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from llmq.errors import CheckpointError
from llmq.files.safetensors import read_header
from llmq_peer.permuted_checkpoint import AXES, HIDDEN

SUPERBLOCK = 256
NORMS = ("layernorm.weight", "model.norm.weight")
# By the end of a tensor's name: what counts its heads, and along which axis they lie.
HEADS = {
    "q_proj.weight": ("num_attention_heads", 0),
    "k_proj.weight": ("num_key_value_heads", 0),
    "v_proj.weight": ("num_key_value_heads", 0),
    "o_proj.weight": ("num_attention_heads", 1),
}
COUNTS = ("hidden_size", "num_attention_heads", "num_key_value_heads")


def write_widened(source: Path, target: Path, *, multiple: int = SUPERBLOCK) -> None:
    """Copy a checkpoint of Llama's architecture, in F32, with rows of such a multiple."""
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    hidden = config["hidden_size"]
    wide = -(-hidden // multiple) * multiple
    new = {key: _scaled(source, config, key, wide) for key in COUNTS}
    head_size = config.get("head_dim") or hidden // config["num_attention_heads"]
    # A norm divides by the mean square, which the zeros make smaller: its epsilon as well, and its
    # weights take the factor back.
    share = hidden / wide
    new |= {"head_dim": head_size, "rms_norm_eps": config["rms_norm_eps"] * share}
    target.mkdir()
    weights: dict[str, NDArray[np.float32]] = {}
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            for name, tensor in read_header(path).items():
                rows = tensor.read(0, tensor.n_rows).reshape(tensor.shape)
                weights[name] = _widened(name, rows, config, new, head_size)
        elif path.is_file() and not path.name.endswith(".index.json"):
            shutil.copy(path, target)
    changed = config | new | {"torch_dtype": "float32"}
    (target / "config.json").write_text(json.dumps(changed, indent=1))
    save_file(weights, target / "model.safetensors")


def _scaled(source: Path, config: dict[str, Any], key: str, wide: int) -> int:
    value, rest = divmod(config[key] * wide, config["hidden_size"])
    if rest:
        raise CheckpointError(f"{source}: {key} {config[key]} does not grow in whole numbers")
    return int(value)


def _widened(
    name: str,
    weights: NDArray[np.float32],
    old: dict[str, Any],
    new: dict[str, Any],
    head_size: int,
) -> NDArray[np.float32]:
    """The tensor with zeros at the end of the axes that grow."""
    end = next(end for end in AXES if name.endswith(end))
    sizes = [
        new["hidden_size"] if kind == HIDDEN else size
        for kind, size in zip(AXES[end], weights.shape, strict=True)
    ]
    if end in HEADS:
        count, axis = HEADS[end]
        sizes[axis] = new[count] * head_size
    scale = math.sqrt(old["hidden_size"] / new["hidden_size"]) if end in NORMS else 1.0
    grown = [(0, size - n) for size, n in zip(sizes, weights.shape, strict=True)]
    return np.pad(weights * np.float32(scale), grown)
