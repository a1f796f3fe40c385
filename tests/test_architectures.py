"""Every architecture, through every stage: llama.cpp computes with our file what transformers does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from llmq.architectures import ARCHITECTURES, architecture_for
from llmq.checkpoint import open_checkpoint
from llmq.errors import ArchitectureError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.runtime import open_model
from tests.random_models import save_random_model

LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR_ROPE = {"rope_type": "linear", "factor": 2.0}
YARN_ROPE = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
THETA = {"rope_theta": 10000.0}
VARIANTS: list[tuple[str, Mapping[str, Any]]] = [
    ("LlamaForCausalLM", {}),
    ("LlamaForCausalLM", {"tie_word_embeddings": True}),
    ("LlamaForCausalLM", {"num_key_value_heads": 6, "attention_bias": True, "mlp_bias": True}),
    ("LlamaForCausalLM", {"rope_parameters": LLAMA3_ROPE | THETA, "head_dim": 32}),
    ("LlamaForCausalLM", {"rope_parameters": LINEAR_ROPE | THETA}),
    ("MistralForCausalLM", {"head_dim": 32, "sliding_window": None}),
    ("Qwen2ForCausalLM", {}),
    ("Qwen2ForCausalLM", {"tie_word_embeddings": True, "rope_parameters": YARN_ROPE | THETA}),
    ("Qwen3ForCausalLM", {"head_dim": 32}),
    ("Qwen3ForCausalLM", {"head_dim": 16, "tie_word_embeddings": True}),
]


def log_softmax(logits: Any) -> Any:
    wide = np.asarray(logits, np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@pytest.mark.parametrize(("name", "settings"), VARIANTS)
def test_logits_equal_transformers(
    tmp_path: Path, byte_tokenizer: dict[str, Any], name: str, settings: Mapping[str, Any]
) -> None:
    model = save_random_model(tmp_path / "model", name, settings)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    plan = make_plan(open_checkpoint(tmp_path / "model"), recipe="F32")
    execute(plan, tmp_path / "f32.gguf")
    tokens = np.random.default_rng(0).integers(0, 257, 200).tolist()
    with torch.no_grad():
        expected = log_softmax(model(torch.tensor([tokens])).logits[0].numpy())
    with open_model(tmp_path / "f32.gguf", cache_type="F32") as opened:
        found = log_softmax(opened.logits(tokens))
    divergence = (np.exp(expected) * (expected - found)).sum(axis=1).mean()
    same_top = (expected.argmax(axis=1) == found.argmax(axis=1)).mean()
    assert divergence <= 2e-5
    assert same_top >= 0.99
    assert np.exp(expected).max(axis=1).mean() > 0.1  # the model does say something


def test_every_architecture_is_tried() -> None:
    assert {name for name, _ in VARIANTS} == set(ARCHITECTURES)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "'architectures' is None"),
        (
            {"architectures": ["GPT2LMHeadModel"]},
            "'GPT2LMHeadModel' is not supported; supported are",
        ),
        ({"architectures": ["LlamaForCausalLM", "B"]}, "a list of one name"),
        (
            {"architectures": ["LlamaForCausalLM"], "rope_scaling": {"type": "dynamic"}},
            "kind 'dynamic' is not supported",
        ),
        (
            {"architectures": ["LlamaForCausalLM"], "quantization_config": {"bits": 4}},
            "quantized already",
        ),
    ],
)
def test_models_that_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        architecture_for(config)
