"""Small LoRA adapters, as peft saves them, for a small Llama of two layers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.conftest import save_safetensors

Q_PROJ, O_PROJ = "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.o_proj"
PREFIX = "base_model.model."
SETTINGS = {"peft_type": "LORA", "lora_alpha": 8, "base_model_name_or_path": None}


def matrices(rank: int = 4, seed: int = 0, width: int = 64) -> dict[str, NDArray[np.float32]]:
    """What an adapter of two layers holds."""
    random = np.random.default_rng(seed)
    return {
        f"{PREFIX}{module}.lora_{part}.weight": random.normal(size=shape).astype(np.float32)
        for module in (Q_PROJ, O_PROJ)
        for part, shape in (("A", (rank, width)), ("B", (width, rank)))
    }


def save_adapter(
    folder: Path, tensors: Mapping[str, NDArray[np.float32]] | None = None, **settings: Any
) -> Path:
    """An adapter's folder."""
    folder.mkdir(parents=True)
    save_safetensors(folder / "adapter_model.safetensors", tensors or matrices(), "F32")
    (folder / "adapter_config.json").write_text(json.dumps(SETTINGS | settings))
    return folder
