"""Weights in fewer bits as libraries leave them, with and without a word in config.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests.field.bases import LLAMA, METASPACE, MISTRAL, QWEN2, QWEN3
from tests.field.case import Case, Converts, refused
from tests.field.cases_files import added
from tests.field.folder import Step, config, weights
from tests.oracles import low_bit_packers as packers
from tests.oracles.low_bit_packers import Packer


def packed(pack: Packer, settings: Mapping[str, Any] | None = None) -> Step:
    """The matrices of the layers are packed; what they stand for is in the folder before."""

    def step(folder: Path) -> None:
        held: dict[str, torch.Tensor] = {}
        plain: dict[str, torch.Tensor] = {}
        for path in sorted(folder.glob("*.safetensors")):
            for name, tensor in load_file(path).items():
                if "_proj.weight" in name:
                    parts, plain[name] = pack(tensor)
                    held |= {name.removesuffix(".weight") + end: p for end, p in parts.items()}
                else:
                    held[name] = plain[name] = tensor
            path.unlink()
        (folder / "model.safetensors.index.json").unlink(missing_ok=True)
        save_file({name: t.contiguous() for name, t in held.items()}, folder / "model.safetensors")
        before = folder.parent / "before"
        if before.exists():
            for path in before.glob("*.safetensors*"):
                path.unlink()
            save_file(
                {name: t.float().contiguous() for name, t in plain.items()},
                before / "model.safetensors",
            )
        if settings:
            said = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps({**said, **settings}))

    return step


def decoded(*notes: str) -> Converts:
    """As the folder before, whose weights are those that the codes stand for."""
    return Converts(notes, as_before=True)


GPTQ = {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32}}
CASES = (
    Case(
        "low bits: settings left over",
        LLAMA,
        (config(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}),),
        decoded("but the weights are plain"),
    ),
    Case(
        "low bits: settings of FP8 left over",
        QWEN3,
        (config(quantization_config={"quant_method": "fp8", "weight_block_size": [128, 128]}),),
        decoded("but the weights are plain"),
    ),
    Case(
        "low bits: GPTQ",
        QWEN2,
        (packed(packers.gptq(group=32), GPTQ),),
        decoded("GPTQ"),
    ),
    Case(
        "low bits: MLX without its settings",
        LLAMA,
        (packed(packers.mlx(group=32)),),
        refused("MLX", '"group_size"'),
    ),
    Case(
        "low bits: MLX",
        LLAMA,
        (packed(packers.mlx(group=32), {"quantization": {"group_size": 32, "bits": 4}}),),
        decoded("MLX"),
    ),
    Case(
        "low bits: int8 of bitsandbytes without its settings",
        MISTRAL,
        (packed(packers.bnb_int8),),
        decoded("bitsandbytes int8"),
    ),
    Case(
        "low bits: 4 bits of bitsandbytes without its settings",
        QWEN2,
        (packed(packers.bnb_four_bits),),
        decoded("bitsandbytes 4-bit"),
    ),
    Case("low bits: MXFP4", METASPACE, (packed(packers.mxfp4),), decoded("MXFP4")),
    Case(
        "low bits: HQQ",
        LLAMA,
        (weights(added("model.layers.0.mlp.up_proj.W_q", (96, 64))),),
        refused("HQQ"),
    ),
    Case(
        "low bits: quanto",
        QWEN2,
        (weights(added("model.layers.0.mlp.up_proj.weight._data", (96, 64))),),
        refused("quanto"),
    ),
)
