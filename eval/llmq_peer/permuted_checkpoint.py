"""The same model with its channels in another order: one more draw of what rounding does to it.

A quantizer's blocks are neighbours in a row, and which weights are neighbours does not matter to
the model: hidden channels may change places if they do so in all matrices, and those of a
feed-forward layer among themselves. What a file diverges by then changes, and the mean over several
orders tells more of an encoder than one does.
"""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from llmq.errors import CheckpointError
from llmq.files.safetensors import read_header

HIDDEN, INNER, AS_IT_IS = "hidden", "inner", ""

AXES = {
    "embed_tokens.weight": (AS_IT_IS, HIDDEN),
    "lm_head.weight": (AS_IT_IS, HIDDEN),
    "q_proj.weight": (AS_IT_IS, HIDDEN),
    "k_proj.weight": (AS_IT_IS, HIDDEN),
    "v_proj.weight": (AS_IT_IS, HIDDEN),
    "o_proj.weight": (HIDDEN, AS_IT_IS),
    "gate_proj.weight": (INNER, HIDDEN),
    "up_proj.weight": (INNER, HIDDEN),
    "down_proj.weight": (HIDDEN, INNER),
    "layernorm.weight": (HIDDEN,),
    "model.norm.weight": (HIDDEN,),
}
"""By the end of a tensor's name: which order its rows and columns follow."""


def write_permuted(source: Path, target: Path, *, seed: int) -> None:
    """Copy a checkpoint of Llama's architecture, in F32, with its channels in a random order."""
    target.mkdir()
    weights: dict[str, NDArray[np.float32]] = {}
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            for name, tensor in read_header(path).items():
                weights[name] = tensor.read(0, tensor.n_rows).reshape(tensor.shape)
        elif not path.name.endswith(".index.json"):  # all tensors come into one file
            shutil.copy(path, target)
    rng, orders = np.random.default_rng(seed), dict[tuple[str, int], NDArray[np.int64]]()
    for name in sorted(weights):
        for axis, kind in enumerate(axes_of(name, source)):
            n = weights[name].shape[axis]
            if kind and (kind, n) not in orders:
                orders[kind, n] = rng.permutation(n)
            if kind:
                weights[name] = np.take(weights[name], orders[kind, n], axis=axis)
    save_file(weights, target / "model.safetensors")


def axes_of(name: str, source: Path) -> list[str]:
    """Which order a tensor's rows and columns follow; each feed-forward layer has an own one."""
    axes = next((axes for end, axes in AXES.items() if name.endswith(end)), None)
    if axes is None:
        raise CheckpointError(f"{source}: it is not known which channels {name!r} has")
    layer = name.rpartition(".mlp.")[0]
    return [INNER + layer if kind == INNER else kind for kind in axes]
