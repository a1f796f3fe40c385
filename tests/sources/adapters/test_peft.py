"""LoRA adapters as peft saves them: llama.cpp computes with the merged file what peft computes."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq.weights import COMPUTED
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from tests.architectures.logits import Allowed, check_logits

peft = pytest.importorskip("peft", reason="needs peft, which is among what tests need")

MERGED = Allowed(1e-5, 0.99)
LAYERS = {"num_hidden_layers": 2}
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TIED = {"tie_word_embeddings": True}
BIASED = {"attention_bias": True, "mlp_bias": True}


@dataclass(frozen=True)
class Case:
    """Settings of peft's LoraConfig, of the base, and by which model the merged file is judged."""

    lora: Mapping[str, Any]
    base: Mapping[str, Any] = field(default_factory=dict)
    n_vocab: int = 257
    merges: bool = True
    """Whether peft's own merge keeps what was trained: not where it changes a tied matrix twice."""


CASES = {
    "plain": Case({"target_modules": ALL}),
    "some layers": Case({"target_modules": ["q_proj", "down_proj"], "layers_to_transform": [1]}),
    "patterns": Case(
        {
            "target_modules": ALL,
            "rank_pattern": {"q_proj": 3, r"layers\.1\.mlp\.up_proj": 7},
            "alpha_pattern": {"down_proj": 5, "model.layers.0.self_attn.q_proj": 30},
        }
    ),
    "rslora": Case({"target_modules": ALL, "use_rslora": True, "r": 9}),
    "dora": Case({"target_modules": ALL, "use_dora": True}),
    "rslora with dora": Case({"target_modules": ALL, "use_rslora": True, "use_dora": True}),
    "all biases": Case({"target_modules": ALL, "bias": "all"}, BIASED),
    "their biases": Case({"target_modules": ["q_proj"], "bias": "lora_only"}, BIASED),
    "biases of B": Case({"target_modules": ALL, "lora_bias": True}, BIASED),
    "fan_in_fan_out": Case({"target_modules": ALL, "fan_in_fan_out": True}),
    "head saved": Case({"target_modules": ALL, "modules_to_save": ["lm_head", "norm"]}),
    "ends saved": Case(
        {"target_modules": ["v_proj"], "modules_to_save": ["embed_tokens", "lm_head"]}
    ),
    "ends saved, tied": Case(
        {"target_modules": ["v_proj"], "modules_to_save": ["embed_tokens", "lm_head"]}, TIED
    ),
    "head saved, tied": Case({"target_modules": ALL, "modules_to_save": ["lm_head"]}, TIED),
    "embedding saved, tied": Case(
        {"target_modules": ALL, "modules_to_save": ["embed_tokens"]}, TIED, merges=False
    ),
    "ends saved, kept tied": Case(
        {
            "target_modules": ALL,
            "modules_to_save": ["embed_tokens"],
            "ensure_weight_tying": True,
        },
        TIED,
    ),
    "ends": Case({"target_modules": [*ALL, "embed_tokens", "lm_head"]}),
    "head, tied": Case({"target_modules": ["o_proj", "lm_head"]}, TIED, merges=False),
    "embedding, tied": Case({"target_modules": ["o_proj", "embed_tokens"]}, TIED, merges=False),
    "ends, tied": Case({"target_modules": ["embed_tokens", "lm_head"]}, TIED, merges=False),
    "ends, kept tied": Case(
        {"target_modules": ["embed_tokens", "o_proj"], "ensure_weight_tying": True},
        TIED,
        merges=False,
    ),
    "tokens": Case({"target_modules": ALL, "trainable_token_indices": [3, 200, 7]}),
    "tokens, tied": Case({"target_modules": ALL, "trainable_token_indices": [3, 200, 7]}, TIED),
    "tokens of both": Case(
        {
            "target_modules": ALL,
            "trainable_token_indices": {"embed_tokens": [3, 9], "lm_head": [4]},
        }
    ),
    "grown": Case({"target_modules": ALL}, n_vocab=261),
    "grown, tied": Case({"target_modules": ALL}, TIED, n_vocab=261),
    "grown, ends": Case({"target_modules": [*ALL, "embed_tokens", "lm_head"]}, n_vocab=261),
    "grown, ends saved": Case(
        {"target_modules": ALL, "modules_to_save": ["embed_tokens", "lm_head"]}, n_vocab=261
    ),
}


def trained(model: Any, folder: Path, lora: Mapping[str, Any], seed: int = 1) -> Any:
    """A model of peft whose adapter, all of it random, is saved in `folder`."""
    config = peft.LoraConfig(**{"r": 4, "lora_alpha": 8, "task_type": "CAUSAL_LM", **lora})
    model = peft.get_peft_model(model, config).eval()
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            wide = "magnitude" in name or "modules_to_save" in name
            with torch.no_grad():
                parameter.add_(torch.randn_like(parameter), alpha=0.05 if wide else 0.1)
    model.save_pretrained(folder)
    return model


def saved(folder: Path, tokenizer: dict[str, Any], name: str, settings: Mapping[str, Any]) -> Any:
    """A random base of transformers' class `name`, as it is after `folder` was read again."""
    model = save_random_model(folder, name, settings)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return model


def written(source: Source, tmp_path: Path) -> Path:
    """The file of a source in F32."""
    return execute(make_plan(source, recipe="F32"), tmp_path / "out.gguf", load_check=False)


def tokenizer_of(byte_tokenizer: dict[str, Any], n_vocab: int) -> dict[str, Any]:
    """That of the bytes, with as many tokens more."""
    found = copy.deepcopy(byte_tokenizer)
    for number in range(257, n_vocab):
        flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        token = {"id": number, "content": f"<|{number}|>", "special": True, **flags}
        found["added_tokens"].append(token)
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_a_merged_file_computes_what_peft_computes(
    tmp_path: Path, byte_tokenizer: dict[str, Any], name: str
) -> None:
    case, base, folder = CASES[name], tmp_path / "base", tmp_path / "adapter"
    random = saved(base, byte_tokenizer, "LlamaForCausalLM", {**LAYERS, **case.base})
    if case.n_vocab != 257:
        random.resize_token_embeddings(case.n_vocab, mean_resizing=False)
    random.name_or_path = random.config.name_or_path = str(base)
    model = trained(random, folder, case.lora)
    if case.n_vocab != 257:
        told = json.dumps(tokenizer_of(byte_tokenizer, case.n_vocab))
        (folder / "tokenizer.json").write_text(told)
    file = written(open_source(base, adapters={folder: 1.0}), tmp_path)
    check_logits(model, file, MERGED, n_vocab=case.n_vocab)
    if case.merges:
        check_logits(model.merge_and_unload(), file, MERGED, n_vocab=case.n_vocab)


@pytest.mark.filterwarnings("ignore")
def test_adapters_add_up(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> None:
    """One after the other, as peft merges them: DoRA's lengths are those of the base with it."""
    base, folders = tmp_path / "base", [tmp_path / "first", tmp_path / "second"]
    kinds: tuple[dict[str, Any], ...] = (
        {"target_modules": ALL},
        {"target_modules": ["q_proj", "up_proj"], "use_dora": True},
    )
    for seed, (folder, lora) in enumerate(zip(folders, kinds, strict=True)):
        trained(saved(base, byte_tokenizer, "LlamaForCausalLM", LAYERS), folder, lora, seed)
    random = saved(base, byte_tokenizer, "LlamaForCausalLM", LAYERS)
    model = peft.PeftModel.from_pretrained(random, folders[0], adapter_name="one")
    model.load_adapter(folders[1], adapter_name="two")
    for module in model.modules():
        if isinstance(module, peft.tuners.lora.LoraLayer):
            module.set_scale("one", 0.5)
    theirs = model.merge_and_unload(adapter_names=["one", "two"])
    source = open_source(base, adapters={folders[0]: 0.5, folders[1]: 1.0})
    check_logits(theirs, written(source, tmp_path), MERGED)
    assert source.metadata["llmq.lora.names"] == ["first", "second"]


OTHERS = {
    "Qwen2ForCausalLM": ALL,
    "Qwen3ForCausalLM": ALL,
    "Phi3ForCausalLM": ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"],
    "Gemma3ForCausalLM": ALL,
    "Gemma3ForConditionalGeneration": r".*language_model.*\.(q_proj|o_proj|up_proj)",
    "Qwen3MoeForCausalLM": ["q_proj", "o_proj"],
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OTHERS)
def test_other_families(tmp_path: Path, byte_tokenizer: dict[str, Any], name: str) -> None:
    """Fused matrices, prefixes of text towers, mixtures of experts."""
    base, folder, variant = tmp_path / "base", tmp_path / "adapter", VARIANTS[name][0]
    random = saved(base, byte_tokenizer, name, variant.settings)
    model = trained(random, folder, {"target_modules": OTHERS[name], "use_dora": True})
    source = open_source(base, adapters={folder: 1.0})
    assert any(t.weights.dtype == COMPUTED for t in source.tensors if "attn_q" in t.name)
    check_logits(model, written(source, tmp_path), MERGED, n_tokens=variant.n_tokens)
