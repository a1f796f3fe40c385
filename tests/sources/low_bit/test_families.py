"""Coded matrices of families that fuse, stack and nest theirs: the codes reach the file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from llmq import make_plan, open_source
from llmq.encoding import STORED
from llmq_kernels import FORMATS
from llmq_peer.random_checkpoint import byte_tokenizer
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from tests.oracles.low_bit_packers import packed_integers

INDEX = "model.safetensors.index.json"


def w4a16(folder: Path, name: str) -> int:
    """A random model of this class as llm-compressor leaves it; how many matrices are packed."""
    save_random_model(folder, name, VARIANTS[name][0].settings)
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>"})
    )
    pack, packed = packed_integers(), 0
    where: dict[str, str] = {}
    for file in folder.glob("*.safetensors"):
        held: dict[str, torch.Tensor] = {}
        for tensor, weight in load_file(file).items():
            if tensor.endswith("_proj.weight") and "vision" not in tensor and weight.ndim == 2:
                module, packed = tensor.removesuffix(".weight"), packed + 1
                parts = pack(weight)[0].items()
                held |= {module + ending: part.contiguous() for ending, part in parts}
            else:
                held[tensor] = weight
        save_file(held, file)
        where |= dict.fromkeys(held, file.name)
    if (folder / INDEX).exists():
        (folder / INDEX).write_text(json.dumps({"weight_map": where}))
    return packed


@pytest.mark.parametrize(
    "name",
    ["Phi3ForCausalLM", "Qwen3MoeForCausalLM", "Mistral3ForConditionalGeneration"],
)
def test_blocks_are_the_codes(name: str, tmp_path: Path) -> None:
    n_packed = w4a16(tmp_path / "m", name)
    plan = make_plan(open_source(tmp_path / "m"))
    assert plan.recipe.name == "Q4_0"
    assert any(f"{n_packed} matrices are compressed-tensors" in note for note in plan.notes)
    coded = [t for t in plan.tensors if t.source.weights.dtype == "Q4_0"]
    assert coded
    for tensor in coded:
        source = tensor.source
        assert tensor.encoding.encoder == STORED
        blocks = tensor.encoding.blocks(source, 0, source.n_rows)
        rows = source.weights.read(0, source.n_rows)
        wanted = rows if source.transform is None else source.transform(rows)
        np.testing.assert_array_equal(FORMATS["Q4_0"].decode(blocks), wanted)
