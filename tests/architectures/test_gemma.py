"""Gemmas as they are published: names, settings and tensors that random models do not have."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers
from safetensors.numpy import load_file, save_file

from llmq.architectures import ARCHITECTURES, architecture_for
from llmq.architectures.gemma3 import FULL_ROPE, GEMMA3, SLIDING_ROPE
from llmq.architectures.gemma4_sizes import sizes
from llmq.architectures.layer_kinds import FULL, SLIDING, kinds
from llmq.architectures.rope import rope
from llmq.errors import ArchitectureError
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from llmq_peer.variants.gemma import GEMMA4, SHARED
from tests.architectures.logits import check_logits

Change = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
LARGEST = {"num_hidden_layers": 62, "query_pre_attn_scalar": 168}


def save(folder: Path, name: str, settings: Mapping[str, Any], tokenizer: dict[str, Any]) -> Any:
    """A random model with a tokenizer."""
    model = save_random_model(folder, name, settings)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return model


def changed(folder: Path, other: Path, change: Change) -> Path:
    """The model of `folder` with other tensors or settings, in one file, under another path."""
    other.mkdir(parents=True)
    config = json.loads((folder / "config.json").read_text())
    tensors: dict[str, Any] = {}
    for file in folder.glob("*.safetensors"):
        tensors |= load_file(file)
    save_file(change(tensors, config), other / "model.safetensors")
    (other / "config.json").write_text(json.dumps(config))
    for file in folder.glob("token*.json"):
        (other / file.name).write_bytes(file.read_bytes())
    return other


def plan_of(folder: Path) -> Plan:
    return make_plan(open_source(folder), recipe="F32")


def converted(folder: Path) -> bytes:
    return execute(plan_of(folder), folder / "f32.gguf", load_check=False).read_bytes()


@pytest.mark.parametrize(
    "name", ["Gemma3ForConditionalGeneration", "Gemma4ForConditionalGeneration"]
)
def test_either_name_of_the_text_part(
    tmp_path: Path, byte_tokenizer: dict[str, Any], name: str
) -> None:
    """Checkpoints of either generation of transformers give one file."""
    folder = tmp_path / "one" / "model"
    save(folder, name, VARIANTS[name][0].settings, byte_tokenizer)
    expected = converted(folder)
    for prefix in ("model.language_model.", "language_model.model."):

        def rename(tensors: dict[str, Any], _config: Any, prefix: str = prefix) -> dict[str, Any]:
            inside = r"^(model\.)?language_model\.(model\.)?"
            return {re.sub(inside, prefix, key): value for key, value in tensors.items()}

        assert converted(changed(folder, tmp_path / prefix / "model", rename)) == expected


def test_what_is_left_behind_is_told(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    name = "Gemma4ForConditionalGeneration"
    folder = tmp_path / "model"
    save(folder, name, VARIANTS[name][0].settings, byte_tokenizer)
    notes = plan_of(folder).notes
    assert any("the part that sees, which is not converted" in note for note in notes)
    assert any("the part that hears, which is not converted" in note for note in notes)
    assert len(notes) == 2


def test_unused_keys_of_layers_that_share(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    """Published checkpoints may hold keys and values that nothing computes with."""
    folder = tmp_path / "one" / "model"
    save(folder, "Gemma4ForCausalLM", GEMMA4 | SHARED, byte_tokenizer)

    def add(tensors: dict[str, Any], _config: Any) -> dict[str, Any]:
        for name in ("k_proj", "v_proj", "k_norm"):
            key = f"model.layers.0.self_attn.{name}.weight"
            tensors[key.replace(".0.", ".2.")] = tensors[key].copy()
        return tensors

    other = changed(folder, tmp_path / "other" / "model", add)
    notes = plan_of(other).notes
    assert len(notes) == 1
    assert "3 tensors are left out (model.layers.2.self_attn.k_norm.weight and so on)" in notes[0]
    assert converted(other)[-1000:] == converted(folder)[-1000:]


def test_sizes_of_full_attention_in_either_form(
    tmp_path: Path, byte_tokenizer: dict[str, Any]
) -> None:
    """transformers 5 writes them layer by layer, published configurations as two fields."""
    folder = tmp_path / "one" / "model"
    settings = VARIANTS["Gemma4ForCausalLM"][3].settings
    model = save(folder, "Gemma4ForCausalLM", settings, byte_tokenizer)

    def two_fields(tensors: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
        del config["per_layer_config"]
        config["global_head_dim"] = settings["global_head_dim"]
        config["num_global_key_value_heads"] = settings["num_global_key_value_heads"]
        return tensors

    other = changed(folder, tmp_path / "other" / "model", two_fields)
    assert converted(other) == converted(folder)
    check_logits(model, other / "f32.gguf")


def test_sizes_of_layers_whose_numbers_have_zeros_in_front() -> None:
    """transformers 5 lines the numbers up where there are ten layers or more."""
    table = ARCHITECTURES["Gemma4ForCausalLM"]
    for layers in (7, 12):
        settings: dict[str, Any] = {"num_hidden_layers": layers, "global_head_dim": 64}
        theirs = transformers.Gemma4TextConfig(**settings)
        config = json.loads(theirs.to_json_string()) | {"architectures": [table.hf_name]}
        assert ("05" in config["per_layer_config"]) == (layers == 12)
        assert architecture_for(config) is table
        assert sizes(table.settings(config))["full_head"] == 64


def test_a_model_without_a_cap_says_so(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    """llama.cpp would take 30 where the key is missing."""
    save(tmp_path / "model", "Gemma4ForCausalLM", GEMMA4, byte_tokenizer)
    assert plan_of(tmp_path / "model").metadata["gemma4.final_logit_softcapping"] == 0


def test_layers_that_llama_cpp_assumes_are_not_listed(
    tmp_path: Path, byte_tokenizer: dict[str, Any]
) -> None:
    key = "gemma3.attention.sliding_window_pattern"
    for number, listed in ((0, None), (1, [True, False, True])):
        folder = tmp_path / str(number)
        settings = VARIANTS["Gemma3ForCausalLM"][number].settings
        save(folder, "Gemma3ForCausalLM", settings, byte_tokenizer)
        assert plan_of(folder).metadata.get(key) == listed


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"rope_theta": 5e5, "rope_local_base_freq": 7.0, "sliding_window_pattern": 3},
        {"rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024},
        {"rope_parameters": {FULL: {"rope_type": "linear", "factor": 2.0}, SLIDING: None}},
        {"rope_parameters": {FULL: {"rope_type": "default", "rope_theta": 9.0}}, "rope_theta": 8.0},
        {"layer_types": [FULL, SLIDING] * 13},
    ],
)
def test_settings_are_read_as_transformers_reads_them(config: dict[str, Any]) -> None:
    theirs = transformers.Gemma3TextConfig(**json.loads(json.dumps(config))).to_dict()
    ours = GEMMA3.settings(config)
    assert kinds(ours) == theirs["layer_types"]
    for kind, view in ((FULL, FULL_ROPE), (SLIDING, SLIDING_ROPE)):
        expected = theirs["rope_parameters"][kind]
        found = {name: rope(view(ours)).get(name) for name in expected}
        assert found == expected
    for name in ("hidden_size", "num_attention_heads", "head_dim", "vocab_size", "sliding_window"):
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name.startswith("Gemma")])
def test_defaults_are_those_of_transformers(name: str) -> None:
    theirs = getattr(transformers, name).config_class().get_text_config().to_dict()
    ours = ARCHITECTURES[name].defaults
    assert {setting: theirs.get(setting, value) for setting, value in ours.items()} == ours


GEMMA2 = {"architectures": ["Gemma2ForCausalLM"], "hidden_size": 96, "num_hidden_layers": 2}
THREE = {"architectures": ["Gemma3ForCausalLM"], "hidden_size": 96}
SEEING = {"architectures": ["Gemma3ForConditionalGeneration"]}
FOUR = {"architectures": ["Gemma4ForCausalLM"], "num_hidden_layers": 4}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (SEEING, "'text_config' is None instead of an object"),
        (SEEING | {"text_config": {"hidden_activation": "gelu"}}, "only 'gelu_pytorch_tanh'"),
        (GEMMA2 | {"tie_word_embeddings": False}, "llama.cpp computes with the embedding"),
        (GEMMA2 | {"query_pre_attn_scalar": 224}, "query_pre_attn_scalar is 224, and llama"),
        (GEMMA2 | {"final_logit_softcapping": None}, "final_logit_softcapping is null"),
        (GEMMA2 | {"layer_types": [FULL, FULL]}, "no layer is of the kind 'sliding_attention'"),
        (THREE | {"use_bidirectional_attention": True}, "llama.cpp only looks back"),
        (THREE | {"attn_logit_softcapping": 50.0}, "attn_logit_softcapping is 50.0"),
        (THREE | {"layer_types": [FULL]}, "for each of 26"),
        (THREE | {"sliding_window": None}, "sliding_window is None"),
        (THREE | LARGEST, "query_pre_attn_scalar is 168, and llama.cpp computes with 12"),
        (THREE | {"rope_scaling": {"rope_type": "yarn", "factor": 2}}, "kind 'yarn'"),
        (FOUR | {"num_kv_shared_layers": 4}, "num_kv_shared_layers is 4 of 4 layers"),
        (FOUR | {"num_kv_shared_layers": 1, "layer_types": [SLIDING, FULL] * 2}, "sharing only"),
        (
            FOUR | {"per_layer_config": {"0": {"head_dim": 64}}},
            r"makes layer 0 \(sliding_attention\) unlike",
        ),
        (FOUR | {"vocab_size_per_layer_input": 7, "layer_types": [SLIDING] * 4}, "needs that of"),
        (
            FOUR
            | {
                "layer_types": [SLIDING] * 4,
                "rope_parameters": {FULL: {"rope_type": "yarn", "factor": 2.0}},
            },
            "kind 'yarn' is not supported for full attention",
        ),
    ],
)
def test_settings_that_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        architecture_for(config)


def test_the_sizes_of_the_published_e2b() -> None:
    """Layers of 256 and 512 numbers a head, of which the last twenty have wider MLPs."""
    pattern = [SLIDING] * 4 + [FULL]
    table = ARCHITECTURES["Gemma4ForConditionalGeneration"]
    text = {
        "hidden_size": 1536,
        "intermediate_size": 6144,
        "num_hidden_layers": 35,
        "num_attention_heads": 8,
        "num_key_value_heads": 1,
        "global_head_dim": 512,
        "layer_types": pattern * 7,
        "num_kv_shared_layers": 20,
        "use_double_wide_mlp": True,
        "final_logit_softcapping": 30.0,
    }
    config = {"architectures": [table.hf_name], "text_config": text}
    assert architecture_for(config) is table
    found = sizes(table.settings(config))
    assert found["full_q"] == 4096
    assert found["per_layers"] == 8960
    shapes = {
        row.target: [found[name] for name in row.shape]
        for row in table.rows(table.settings(config), 35)
        if row.present(table.settings(config))
    }
    assert shapes["per_layer_token_embd.weight"] == [262144, 8960]
    assert shapes["blk.14.attn_k.weight"] == [512, 1536]
    assert "blk.15.attn_k.weight" not in shapes
    assert shapes["blk.34.ffn_down.weight"] == [1536, 12288]
    assert np.prod(shapes["blk.0.attn_q.weight"]) == 2048 * 1536
