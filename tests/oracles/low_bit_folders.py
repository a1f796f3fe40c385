"""The bundled tutor with its layers' matrices packed: a folder as a scheme's library leaves it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.oracles.low_bit_packers import Packer

TUTOR = Path(__file__).parents[2] / "eval" / "tutor"


def packed_tutor(
    folder: Path, pack: Packer, config: Mapping[str, Any], *, also: tuple[str, ...] = ()
) -> dict[str, Tensor]:
    """Write the folder; the values of its matrices by their plain names.

    `config` is added to config.json, `also` names parts of no meaning beside every matrix.
    """
    shutil.copytree(TUTOR, folder)
    held: dict[str, Tensor] = {}
    expected: dict[str, Tensor] = {}
    for name, weight in load_file(TUTOR / "model.safetensors").items():
        if "_proj." not in name:
            held[name] = weight
            continue
        module = name.removesuffix(".weight")
        parts, expected[name] = pack(weight)
        parts |= {ending: torch.ones(1) for ending in also}
        held |= {module + ending: part.contiguous() for ending, part in parts.items()}
    save_file(held, folder / "model.safetensors")
    settings = json.loads((TUTOR / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, **config}))
    return expected
