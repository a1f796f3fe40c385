"""Adapters that are not merged: of other kinds, of another base, or without theirs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq.errors import AdapterError
from llmq.sources.adapters.adapter import open_adapter
from llmq.sources.opening import open_source
from tests.sources.adapters.saved import PREFIX, Q_PROJ, matrices, save_adapter

MakeCheckpoint = Callable[..., Path]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, r"names no base; type: llmq convert BASE --lora .*/lora$"),
        (
            "org/base",
            r"org/base, which is not in the hub's cache; type: llmq convert org/base --lora",
        ),
        ("a\nb\x1b[31m", r"is an adapter of a b\?\[31m, which is not here"),
        (
            "/content/base",
            "/content/base, which is not here; type: llmq convert BASE --lora .*, BASE",
        ),
    ],
)
def test_a_base_that_is_not_at_hand(tmp_path: Path, name: str | None, message: str) -> None:
    folder = save_adapter(tmp_path / "lora", base_model_name_or_path=name)
    with pytest.raises(AdapterError, match=message):
        open_source(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"peft_type": "IA3"}, "of the kind 'IA3', and only LORA is merged"),
        ({"peft_type": "LOHA"}, "of the kind 'LOHA'"),
        ({"peft_type": "PROMPT_TUNING"}, "of the kind 'PROMPT_TUNING'"),
        ({"peft_type": "ADALORA"}, "of the kind 'ADALORA'"),
        ({"peft_type": None}, "of the kind None"),
        ({"peft_type": None, "fine_tune_type": "lora"}, "is an adapter of MLX; fuse it"),
        ({"target_parameters": ["mlp.experts.down_proj"]}, "such as experts .target_parameters."),
        ({"alora_invocation_tokens": [1]}, "aLoRA"),
        ({"layer_replication": [[0, 2]]}, "repeats layers"),
        ({"use_qalora": True}, "QALoRA"),
        ({"init_lora_weights": "pissa_niter_4"}, "PiSSA, init_lora_weights is 'pissa_niter_4'"),
        ({"init_lora_weights": "olora"}, "OLoRA"),
        ({"use_dora": True}, "q_proj lacks the lengths of rows that use_dora asks for"),
        ({"lora_alpha": "8"}, "lora_alpha is '8', not a number"),
        ({"r": 9}, "has the rank 9, its matrices have"),
        ({"alpha_pattern": {"(": 1}}, r"alpha_pattern has '\(', which is no pattern"),
    ],
)
def test_kinds_that_are_not_merged(
    make_checkpoint: MakeCheckpoint, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    folder = save_adapter(tmp_path / "lora", **settings)
    with pytest.raises(AdapterError, match=message):
        open_source(make_checkpoint(), adapters={folder: 1.0})


def _without(part: str) -> dict[str, NDArray[np.float32]]:
    return {name: array for name, array in matrices().items() if part not in name}


def _with(**tensors: tuple[int, ...]) -> dict[str, NDArray[np.float32]]:
    found = {name.replace("__", "."): np.ones(shape, np.float32) for name, shape in tensors.items()}
    return {f"{PREFIX}{name}": array for name, array in found.items()}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (_without("q_proj.lora_B"), f"{Q_PROJ} has no pair of matrices but A"),
        (
            matrices(width=32),
            r"adds \[32, 32\] to 'model.layers.0.self_attn.q_proj.weight', which is",
        ),
        (
            {name.replace("layers.1", "layers.9"): a for name, a in matrices().items()},
            "changes 'model.layers.9.self_attn.o_proj.weight', which tiny does not have",
        ),
        (_with(model__norm__weight=(63,)), r"brings 'model.norm.weight' of the shape \[63\]"),
        (
            _with(model__layers__0__self_attn__q_proj__bias=(64,)),
            "q_proj.bias', which tiny does not",
        ),
        (_with(model__norm__lora_xs=(1,)), "'base_model.model.model.norm.lora_xs' is of no kind"),
        (
            _with(model__embed_tokens__token_adapter__trainable_tokens_delta=(2, 64)),
            "token_indices",
        ),
    ],
)
def test_adapters_of_another_base(
    make_checkpoint: MakeCheckpoint,
    tmp_path: Path,
    tensors: dict[str, NDArray[np.float32]],
    message: str,
) -> None:
    folder = save_adapter(tmp_path / "lora", tensors)
    with pytest.raises(AdapterError, match=message):
        open_source(make_checkpoint(), adapters={folder: 1.0})


def test_folders_that_hold_no_adapter(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    base, folder = make_checkpoint(), save_adapter(tmp_path / "lora")
    with pytest.raises(AdapterError, match=r"tiny: holds no adapter_config.json; name the folder"):
        open_source(base, adapters={base: 1.0})
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(AdapterError, match=r"adapter_model\.bin is PyTorch's own form"):
        open_source(base, adapters={folder: 1.0})
    (folder / "adapter_model.bin").unlink()
    with pytest.raises(AdapterError, match=r"holds no adapter_model.safetensors; fetch it again"):
        open_adapter(folder)
