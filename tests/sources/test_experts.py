"""Experts that are saved as one tensor, taken apart."""

from math import prod
from pathlib import Path

import pytest

from llmq.architectures import ARCHITECTURES
from llmq.files.safetensors import TensorRef
from llmq.sources.checkpoint import Checkpoint
from llmq.sources.experts import with_single_experts

NAME = "model.layers.0.mlp.experts.gate_up_proj"


@pytest.mark.parametrize(
    ("shape", "count"), [((3, 4, 8), 6), ((3, 5, 8), 1), ((12, 8), 1), ((10**12, 2, 0), 1)]
)
def test_a_tensor_for_each_expert(shape: tuple[int, ...], count: int) -> None:
    """But of no more than llama.cpp takes, however many a header names that have no weights."""
    whole = TensorRef(NAME, "F32", shape, Path("model.safetensors"), 0)
    checkpoint = Checkpoint(Path(), {}, {NAME: whole})
    found = with_single_experts(checkpoint, ARCHITECTURES["Qwen3MoeForCausalLM"]).tensors
    assert len(found) == count
    assert sum(prod(weights.shape) for weights in found.values()) == prod(shape)
