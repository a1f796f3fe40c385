"""Types and bytes of hybrids and mixtures, whose tensors have names of their own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from llmq.files.gguf import open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq_kernels import Encoder
from llmq_peer.differences import differences_between
from llmq_peer.llama_quantize import quantize
from llmq_peer.random_models import save_random_model

WIDE = {"hidden_size": 256, "intermediate_size": 256, "num_attention_heads": 8}
DELTA = {
    "num_hidden_layers": 5,
    "head_dim": 32,
    "linear_key_head_dim": 32,
    "linear_value_head_dim": 32,
    "linear_num_key_heads": 4,
    "linear_num_value_heads": 8,
}
EIGHT = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 256}
MODELS: Mapping[str, Mapping[str, Any]] = {
    "Qwen3_5ForCausalLM": DELTA | {"tie_word_embeddings": True},
    "Qwen2MoeForCausalLM": EIGHT | {"shared_expert_intermediate_size": 256},
    "Qwen3MoeForCausalLM": EIGHT | {"num_experts": 5, "num_hidden_layers": 4},
    "GraniteMoeHybridForCausalLM": {
        "layer_types": ["linear_attention", "linear_attention", "full_attention"],
        "mamba_n_heads": 8,
        "mamba_d_state": 32,
        "shared_intermediate_size": 256,
        "num_local_experts": 4,
    },
    "Lfm2ForCausalLM": {
        "layer_types": ["conv", "conv", "full_attention"] * 2,
        "num_hidden_layers": 6,
        "block_auto_adjust_ff_dim": False,
    },
}


# Of the first layer, which is a convolution in LFM2, IQ4_NL asks how many heads share keys.
ASKED = [(name, recipe) for name in MODELS for recipe in ("Q4_K_M", "Q4_0")]


@pytest.mark.parametrize(("name", "recipe"), [*ASKED, ("Lfm2ForCausalLM", "IQ4_NL")])
def test_bytes(name: str, recipe: str, tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    folder = tmp_path / "model"
    save_random_model(folder, name, {**WIDE, "norm_topk_prob": "3Moe" in name, **MODELS[name]})
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    source = open_source(folder)
    plain = execute(make_plan(source, recipe="F32"), tmp_path / "F32.gguf", load_check=False)
    plan = make_plan(source, recipe=recipe, encoder=Encoder.GGML)
    ours = execute(plan, tmp_path / f"{recipe}.gguf", load_check=False)
    theirs = quantize(plain, tmp_path / "theirs.gguf", RECIPES[recipe].file_type)
    found = differences_between(open_gguf(ours), theirs)
    # A matrix of one row, as the converter writes it, is a vector to llama-quantize.
    of_one_row = ("ffn_gate_inp_shexp", "ssm_norm")
    assert [line for line in found if not any(name in line for name in of_one_row)] == []
