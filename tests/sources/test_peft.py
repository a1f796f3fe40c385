"""LoRA adapters as peft saves them: llama.cpp computes with the merged file what peft computes."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_peer.random_models import save_random_model
from tests.architectures.logits import Allowed, check_logits

peft = pytest.importorskip("peft", reason="needs peft, which is among what tests need")

MERGED = Allowed(1e-5, 0.99)
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


def trained(base: Path, folder: Path, case: Case, seed: int = 1) -> Any:
    """A model of peft whose adapter, all of it random, is saved in `folder`."""
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    if model.config.vocab_size != case.n_vocab:
        model.resize_token_embeddings(case.n_vocab, mean_resizing=False)
    config = peft.LoraConfig(**{"r": 4, "lora_alpha": 8, "task_type": "CAUSAL_LM", **case.lora})
    model = peft.get_peft_model(model, config).eval()
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            wide = "magnitude" in name or "modules_to_save" in name
            with torch.no_grad():
                parameter.add_(torch.randn_like(parameter), alpha=0.05 if wide else 0.1)
    model.save_pretrained(folder)
    return model


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
    save_random_model(base, "LlamaForCausalLM", {"num_hidden_layers": 2, **case.base})
    (base / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    model = trained(base, folder, case)
    if case.n_vocab != 257:
        told = json.dumps(tokenizer_of(byte_tokenizer, case.n_vocab))
        (folder / "tokenizer.json").write_text(told)
    source = open_source(base, adapters={folder: 1.0})
    file = execute(make_plan(source, recipe="F32"), tmp_path / "out.gguf", load_check=False)
    check_logits(model, file, MERGED, n_vocab=case.n_vocab)
    if case.merges:
        check_logits(model.merge_and_unload(), file, MERGED, n_vocab=case.n_vocab)
