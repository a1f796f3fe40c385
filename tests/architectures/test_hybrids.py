"""Layers of several kinds and mixtures of experts: what is left behind, taken apart, refused."""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmq.architectures import architecture_for
from llmq.architectures.lfm import LFM2, mlp_size
from llmq.architectures.qwen35 import QWEN35, layer_types
from llmq.architectures.value_heads import columns_tiled
from llmq.errors import ArchitectureError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_kernels import FORMATS, Encoder
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from tests.architectures.logits import check_logits


def saved(folder: Path, name: str, tokenizer: dict[str, Any], number: int = 0) -> Path:
    """The folder of a random model with a tokenizer."""
    save_random_model(folder, name, VARIANTS[name][number].settings)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder


def converted(folder: Path, recipe: str = "F32") -> bytes:
    """The bytes of its file."""
    plan = make_plan(open_source(folder), recipe=recipe)
    return execute(plan, folder.with_suffix(f".{recipe}.gguf"), load_check=False).read_bytes()


def tensors_of(folder: Path) -> dict[str, Any]:
    """All tensors of a checkpoint."""
    return {k: v for file in folder.glob("*.safetensors") for k, v in load_file(file).items()}


def save_whole(folder: Path, tensors: Mapping[str, Any]) -> None:
    """Write the tensors as the only file."""
    for file in (*folder.glob("*.safetensors"), *folder.glob("*.index.json")):
        file.unlink()
    save_file(dict(tensors), folder / "model.safetensors")


def fused(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Experts as transformers 5 computes with them."""
    found = {name: value for name, value in tensors.items() if ".experts." not in name}
    for layer in {name.split(".")[2] for name in tensors if ".experts." in name}:
        experts = f"model.layers.{layer}.mlp.experts"
        count = len({name for name in tensors if name.startswith(f"{experts}.")}) // 3
        each = [
            [tensors[f"{experts}.{e}.{part}_proj.weight"] for e in range(count)]
            for part in ("gate", "up", "down")
        ]
        found[f"{experts}.gate_up_proj"] = np.concatenate([np.stack(each[0]), np.stack(each[1])], 1)
        found[f"{experts}.down_proj"] = np.stack(each[2])
    return found


@pytest.mark.parametrize(
    ("name", "recipe"), [("Qwen2MoeForCausalLM", "F32"), ("Qwen3MoeForCausalLM", "Q4_0")]
)
def test_experts_saved_as_one_tensor_give_the_same_file(
    tmp_path: Path, byte_tokenizer: dict[str, Any], name: str, recipe: str
) -> None:
    folder = saved(tmp_path / "model", name, byte_tokenizer)
    expected, tensors = converted(folder, recipe), tensors_of(folder)
    save_whole(folder, fused(tensors))
    assert len(tensors_of(folder)) < len(tensors)
    folder.with_suffix(f".{recipe}.gguf").unlink()
    assert converted(folder, recipe) == expected


def test_what_guesses_several_tokens_is_left_behind(
    tmp_path: Path, byte_tokenizer: dict[str, Any]
) -> None:
    name = "Qwen3_5ForConditionalGeneration"
    folder = saved(tmp_path / "model", name, byte_tokenizer)
    expected = converted(folder)
    old_names = {
        key.replace("model.language_model.", "language_model.model."): value
        for key, value in tensors_of(folder).items()
    }
    save_whole(folder, old_names | {"mtp.norm.weight": np.ones(96, np.float32)})
    notes = open_source(folder).notes
    assert [note.split(":")[0] for note in notes if "left out" in note] == [
        "21 tensors are left out (model.visual.blocks.0.attn.proj.bias and so on)",
        "mtp.norm.weight is left out",
    ]
    folder.with_suffix(".F32.gguf").unlink()
    assert converted(folder) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "granite"), (1, "granitehybrid"), (4, "granitemoe")]
)
def test_a_granite_4_by_its_layers(
    tmp_path: Path, byte_tokenizer: dict[str, Any], number: int, expected: str
) -> None:
    """The same file where the layers have the names that transformers wrote before 5."""
    folder = saved(tmp_path / "model", HYBRID, byte_tokenizer, number)
    first = converted(folder)
    assert open_source(folder).metadata["general.architecture"] == expected
    config = json.loads((folder / "config.json").read_text())
    older = {"full_attention": "attention", "linear_attention": "mamba"}
    config["layer_types"] = [older[kind] for kind in config["layer_types"]]
    (folder / "config.json").write_text(json.dumps(config))
    folder.with_suffix(".F32.gguf").unlink()
    assert converted(folder) == first


def test_a_hybrid_with_positions(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    """The converter writes that there are none, whatever the configuration says."""
    settings = {**VARIANTS[HYBRID][1].settings} | {"position_embedding_type": "rope"}
    model = save_random_model(tmp_path / "model", HYBRID, settings)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    plan = make_plan(open_source(tmp_path / "model"), recipe="F32")
    check_logits(model, execute(plan, tmp_path / "f32.gguf", load_check=False))


def test_blocks_of_value_heads_are_moved_as_they_are() -> None:
    sizes = {"key_heads": 2, "value_heads": 6, "delta_head": 64}
    transform, q4_0 = columns_tiled(sizes), FORMATS["Q4_0"]
    assert transform
    assert transform.moves_rows
    rows = np.random.default_rng(0).normal(size=(3, 6 * 64)).astype(np.float32)
    blocks = q4_0.encode(rows, encoder=Encoder.GGML)
    moved = transform(blocks.view(np.uint8).reshape(3, -1)).view(q4_0.layout)
    assert np.array_equal(q4_0.decode(moved), transform(q4_0.decode(blocks)))
    assert not np.array_equal(moved, blocks)
    odd = columns_tiled(sizes | {"delta_head": 48})
    assert odd
    assert not odd.moves_rows


def test_layers_that_the_configuration_does_not_list() -> None:
    settings = QWEN35.settings({"num_hidden_layers": 6})
    assert [kind[:4] for kind in layer_types(settings)] == ["line"] * 3 + ["full"] + ["line"] * 2


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, 4608),  # LFM2-350M: 2/3 of 6656, in whole 256
        ({"block_auto_adjust_ff_dim": False}, 6656),
        ({"block_ffn_dim_multiplier": 1.5}, 6656),
        ({"intermediate_size": 100}, 4608),
    ],
)
def test_the_width_of_an_lfm(settings: dict[str, Any], expected: int) -> None:
    published = {"architectures": ["Lfm2ForCausalLM"], "block_ff_dim": 6656} | settings
    assert mlp_size(LFM2.settings(published)) == expected


HYBRID = "GraniteMoeHybridForCausalLM"
SIZES = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 9,
}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("Qwen3_5ForCausalLM", {"linear_value_head_dim": 64}, "linear_value_head_dim 64 differ"),
        ("Qwen3_5ForCausalLM", {"linear_num_value_heads": 24}, "24 value heads are no multiple"),
        ("Qwen3_5ForCausalLM", {"layer_types": ["mamba", "mamba"]}, "layer_types has 'mamba'"),
        ("Qwen3_5ForCausalLM", {"layer_types": ["full_attention"]}, "layer_types has 1 entries"),
        ("Qwen3_5ForCausalLM", {"layer_types": 5}, "layer_types is 5 instead of a list"),
        ("Qwen3_5ForCausalLM", {"linear_num_key_heads": 0}, "linear_num_key_heads is 0"),
        ("Qwen3_5ForCausalLM", {"rope_scaling": {"type": "dynamic"}}, "the kind 'dynamic'"),
        ("Qwen2MoeForCausalLM", {"mlp_only_layers": [0]}, "some layers have no experts"),
        ("Qwen3MoeForCausalLM", {"decoder_sparse_step": 2}, "some layers have no experts"),
        ("Qwen2MoeForCausalLM", {"norm_topk_prob": True}, "norm_topk_prob is True"),
        ("Qwen3MoeForCausalLM", {}, "norm_topk_prob is False"),
        ("Qwen2MoeForCausalLM", {"head_dim": 32}, "4 heads of 32 numbers are not the hidden size"),
        ("Lfm2ForCausalLM", {"conv_bias": True}, "convolutions have biases"),
        ("Lfm2ForCausalLM", {"num_attention_heads": 8, "head_dim": 32}, "8 heads of 32 numbers"),
        ("Lfm2ForCausalLM", {"layer_types": ["conv", "moe"]}, "layer_types has 'moe'"),
        (HYBRID, {"mamba_n_heads": 8, "mamba_conv_bias": False}, "mamba_conv_bias is off"),
        (HYBRID, {"mamba_n_heads": 8, "mamba_proj_bias": True}, "mamba_proj_bias is on"),
        ("Lfm2ForCausalLM", {"block_ffn_dim_multiplier": "2"}, "block_ffn_dim_multiplier is '2'"),
        (HYBRID, {"layer_types": [["mamba"], 3]}, "instead of a list of names"),
        (HYBRID, {"mamba_n_heads": 0}, "mamba_n_heads is 0"),
        (HYBRID, {"layer_types": ["attention"] * 2}, "position_embedding_type is None"),
        (HYBRID, {"mamba_expand": 4}, "mamba_expand is 4"),
        (HYBRID, {"mamba_n_heads": 7}, "mamba_n_heads 7 does not divide the width 128"),
        (HYBRID, {"mamba_n_heads": 8, "time_step_limit": [0.001, 0.1]}, "time_step_limit is"),
        (HYBRID, {"layer_types": ["mamba", "rwkv"]}, "layer_types has 'rwkv'"),
    ],
)
def test_models_that_are_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        architecture_for(SIZES | {"architectures": [name]} | settings)


LFM = {"architectures": ["Lfm2ForCausalLM"], "vocab_size": 65536, "num_key_value_heads": 8} | {
    "num_hidden_layers": 16,
    "full_attn_idxs": [2, 5, 8, 10, 12, 14],
}
MICRO = {"architectures": [HYBRID], "vocab_size": 100352, "num_local_experts": 0} | {
    "hidden_size": 768,
    "num_hidden_layers": 32,
    "num_attention_heads": 12,
    "num_key_value_heads": 4,
    "intermediate_size": 2048,
    "shared_intermediate_size": 2048,
    "mamba_n_heads": 48,
    "mamba_d_state": 128,
    "layer_types": ["attention" if n in (10, 13, 17, 27) else "mamba" for n in range(32)],
    "tie_word_embeddings": True,
}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (LFM | {"hidden_size": 1024, "num_attention_heads": 16, "block_ff_dim": 6656}, 354_483_968),
        (
            LFM | {"hidden_size": 2048, "num_attention_heads": 32, "block_ff_dim": 12288},
            1_170_340_608,
        ),
        (MICRO, 340_332_224),
    ],
    ids=["LFM2-350M", "LFM2-1.2B", "granite-4.0-h-350m"],
)
def test_published_models_have_as_many_weights(config: dict[str, Any], expected: int) -> None:
    """As their model cards say, or (the last, of which that is 340 M) as was counted here."""
    architecture = architecture_for(config)
    settings = architecture.settings(config)
    sizes = architecture.sizes(settings)
    shapes = {
        row.source: [sizes[size] for size in row.shape]
        for row in architecture.rows(settings, sizes["layers"])
        if row.present(settings)
    }
    assert sum(prod(shape) for shape in shapes.values()) == expected
