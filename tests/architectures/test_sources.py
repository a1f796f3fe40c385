"""Every family from every kind of source: its 4-bit codes are kept, adapters are merged."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from llmq.architectures import ARCHITECTURES
from llmq.encoding import STORED
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.gguf_model import open_gguf_model
from llmq.sources.opening import open_source
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from tests.oracles.low_bit_packers import packed_integers

pytestmark = pytest.mark.slow


def saved(folder: Path, name: str, byte_tokenizer: Mapping[str, Any]) -> dict[str, Tensor]:
    """A random model in one file; its tensors."""
    save_random_model(folder, name, VARIANTS[name][0].settings)
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    tensors: dict[str, Tensor] = {}
    for file in sorted(folder.glob("*.safetensors*")):
        if file.suffix == ".safetensors":
            tensors |= load_file(file)
        file.unlink()
    return tensors


def is_matrix(name: str, tensor: Tensor) -> bool:
    """Whether a library would pack it: a matrix of a layer whose rows are whole groups."""
    return ".layers." in name and tensor.dim() == 2 and tensor.shape[1] % 32 == 0


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_codes_are_kept(name: str, tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    """Every matrix that is packed; decoded, they are what the checkpoint's codes stand for."""
    folder, pack = tmp_path / "model", packed_integers(exact=True)
    tensors = saved(folder, name, byte_tokenizer)
    packed: dict[str, Tensor] = {}
    for key, tensor in tensors.items():
        if is_matrix(key, tensor) and key.endswith(".weight"):
            parts, tensors[key] = pack(tensor)
            packed |= {key.removesuffix(".weight") + end: p for end, p in parts.items()}
        else:
            packed[key] = tensor
    save_file({k: t.float().contiguous() for k, t in tensors.items()}, folder / "model.safetensors")
    plain = execute(
        make_plan(open_source(folder), recipe="F32"), tmp_path / "f32.gguf", load_check=False
    )
    save_file({k: t.contiguous() for k, t in packed.items()}, folder / "model.safetensors")
    plan = make_plan(open_source(folder))
    file = execute(plan, tmp_path / "codes.gguf", load_check=False)
    wanted, found = (
        {t.name: t.weights for t in open_gguf_model(path, allow_requantize=True).tensors}
        for path in (plain, file)
    )
    coded = [t for t in plan.tensors if t.source.weights.dtype == "Q4_0"]
    assert coded
    for kept in coded:
        assert kept.encoding.encoder == STORED, kept.name
        n_rows = kept.source.n_rows
        np.testing.assert_array_equal(
            found[kept.name].read(0, n_rows), wanted[kept.name].read(0, n_rows)
        )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_adapters_are_merged(name: str, tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    """One on each matrix of the first layer: the file is that of the sums."""
    folder, adapter = tmp_path / "model", tmp_path / "adapter"
    tensors = saved(folder, name, byte_tokenizer)
    save_file(tensors, folder / "model.safetensors")
    generator = torch.Generator().manual_seed(0)
    parts: dict[str, Tensor] = {}
    chosen = [n for n, t in tensors.items() if ".layers.0." in n and t.dim() == 2]
    chosen = [n for n in chosen if n.endswith("_proj.weight") and ".experts." not in n]
    assert chosen
    for key in chosen:
        module = f"base_model.model.{key.removesuffix('.weight')}"
        n_out, n_in = tensors[key].shape
        parts[f"{module}.lora_A.weight"] = torch.randn(2, n_in, generator=generator)
        parts[f"{module}.lora_B.weight"] = torch.randn(n_out, 2, generator=generator)
    adapter.mkdir()
    save_file(parts, adapter / "adapter_model.safetensors")
    modules = sorted({key.split(".")[-2] for key in chosen})
    said = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": modules}
    (adapter / "adapter_config.json").write_text(
        json.dumps({**said, "base_model_name_or_path": ""})
    )
    merged = execute(
        make_plan(open_source(folder, adapters={adapter: 1.0}), recipe="F32"),
        tmp_path / "merged.gguf",
        load_check=False,
    )
    for key in chosen:
        module = f"base_model.model.{key.removesuffix('.weight')}"
        a, b = parts[f"{module}.lora_A.weight"], parts[f"{module}.lora_B.weight"]
        tensors[key] = tensors[key].float() + 2 * (b @ a)
    save_file(tensors, folder / "model.safetensors")
    summed = execute(
        make_plan(open_source(folder), recipe="F32"), tmp_path / "summed.gguf", load_check=False
    )
    found, wanted = (open_gguf_model(path).tensors for path in (merged, summed))
    for ours, theirs in zip(found, wanted, strict=True):
        rows = ours.n_rows
        np.testing.assert_allclose(
            ours.weights.read(0, rows), theirs.weights.read(0, rows), rtol=1e-5, atol=1e-5
        )
