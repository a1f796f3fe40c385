"""A family of another kind is rows alone: Gemma 3, which llmq does not convert, as a table here.

It has (1 + w) norms, also behind attention and MLP, the tanh GELU, two ropes, and on five of six
layers a window that llama.cpp's graph applies itself. As part of a model that sees, its settings
are nested and its tensors have a prefix.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmq import architectures
from llmq.architectures import ARCHITECTURES, architecture_for
from llmq.architectures.decoder import (
    ATTENTION,
    GGUF,
    HEAD_NORMS,
    HF,
    INPUT,
    METADATA,
    MLP,
    NORMS,
    OUTPUT,
    activation_refusal,
    quantized,
    with_value,
)
from llmq.architectures.sizes import sizes
from llmq.architectures.table import (
    Architecture,
    Config,
    MetadataRow,
    Sizes,
    TensorRow,
    Transform,
    setting,
)
from llmq.errors import ArchitectureError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.weights import Rows
from llmq_peer.random_models import save_random_model
from tests.architectures.logits import check_logits


def plus_one(rows: Rows, unit: int) -> Rows:  # noqa: ARG001  # the signature of every transform
    """From w to 1 + w, with which llama.cpp's RMS norm multiplies."""
    return rows + np.float32(1)


def one_plus(sizes: Sizes) -> Transform:  # noqa: ARG001  # the signature of every maker
    return Transform(1, plus_one)


def theta(layers: str) -> Callable[[Config], Any]:
    """A metadata value: the base of the rope of one kind of layer."""
    return lambda config: config["rope_parameters"][layers]["rope_theta"]


def norms(rows: tuple[TensorRow, ...]) -> tuple[TensorRow, ...]:
    return tuple(
        replace(row, transform=one_plus) if "norm.weight" in row.target else row for row in rows
    )


# The norm that others have before the MLP is after attention here.
BEFORE_AND_AFTER = (
    NORMS[0],
    replace(NORMS[1], target=GGUF + "post_attention_norm.weight"),
    TensorRow(HF + "pre_feedforward_layernorm.weight", GGUF + "ffn_norm.weight", ("embd",)),
    TensorRow(HF + "post_feedforward_layernorm.weight", GGUF + "post_ffw_norm.weight", ("embd",)),
)
GEMMA3 = Architecture(
    name="gemma3",
    hf_name="Gemma3ForCausalLM",
    sizes=sizes,
    tensors=norms(INPUT + BEFORE_AND_AFTER + ATTENTION + HEAD_NORMS + MLP + OUTPUT),
    metadata=(
        *with_value(METADATA, theta("full_attention"), "rope.freq_base"),
        MetadataRow("rope.freq_base_swa", np.float32, theta("sliding_attention")),
        MetadataRow("attention.sliding_window", np.uint32, setting("sliding_window")),
    ),
    refusals=(quantized, activation_refusal("hidden_activation", "gelu_pytorch_tanh")),
    defaults={"hidden_activation": "gelu_pytorch_tanh", "tie_word_embeddings": True},
)


PREFIX = "language_model."


def prefixed(row: TensorRow) -> TensorRow:
    return replace(row, source=PREFIX + row.source, twin=row.twin and PREFIX + row.twin)


WRAPPED = replace(
    GEMMA3,
    hf_name="Gemma3ForConditionalGeneration",
    nested="text_config",
    tensors=tuple(prefixed(row) for row in GEMMA3.tensors),
    ignored={r"vision_tower\..*": "it belongs to the part that sees"},
)
SETTINGS: Mapping[str, Any] = {
    "num_hidden_layers": 7,  # the sixth looks back to the first token, the others do not
    "head_dim": 32,
    "query_pre_attn_scalar": 32,
    "sliding_window": 24,
    "rope_parameters": {
        "full_attention": {"rope_type": "default", "rope_theta": 1e6},
        "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
    },
    "pad_token_id": None,
}


@pytest.fixture(autouse=True)
def two_rows_more(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**ARCHITECTURES, GEMMA3.hf_name: GEMMA3, WRAPPED.hf_name: WRAPPED}
    monkeypatch.setattr(architectures, "ARCHITECTURES", known)


@pytest.fixture
def model_and_folder(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> tuple[Any, Path]:
    """A random Gemma 3 with a tokenizer."""
    folder = tmp_path / "text" / "model"
    model = save_random_model(folder, GEMMA3.hf_name, SETTINGS)
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    return model, folder


def converted(folder: Path) -> Path:
    """The folder's model in F32."""
    plan = make_plan(open_source(folder), recipe="F32")
    execute(plan, folder / "f32.gguf", load_check=False)
    return folder / "f32.gguf"


def test_logits_equal_transformers(model_and_folder: tuple[Any, Path]) -> None:
    model, folder = model_and_folder
    check_logits(model, converted(folder))


def test_a_window_that_llama_cpp_applies_is_not_noted(model_and_folder: tuple[Any, Path]) -> None:
    plan = make_plan(open_source(model_and_folder[1]), recipe="F32")
    assert plan.metadata["gemma3.attention.sliding_window"] == SETTINGS["sliding_window"]
    assert plan.notes == ()


def wrap(folder: Path, whole: Path) -> Path:
    """Write the model of `folder` as the part of a model that also sees."""
    whole.mkdir(parents=True)
    for file in folder.glob("token*.json"):
        shutil.copy(file, whole)
    inner = json.loads((folder / "config.json").read_text())
    config = {"architectures": [WRAPPED.hf_name], "text_config": inner, "vocab_size": 1}
    (whole / "config.json").write_text(json.dumps(config))
    tensors = {"vision_tower.patch.weight": np.zeros((2, 2), np.float32)}
    for file in folder.glob("*.safetensors"):
        tensors |= {PREFIX + name: values for name, values in load_file(file).items()}
    save_file(tensors, whole / "model.safetensors")
    return whole


def test_nested_settings_and_a_prefix(model_and_folder: tuple[Any, Path], tmp_path: Path) -> None:
    """The same file, byte for byte, and a note on what is left out."""
    folder = model_and_folder[1]
    whole = wrap(folder, tmp_path / "whole" / "model")
    assert converted(whole).read_bytes() == converted(folder).read_bytes()
    notes = make_plan(open_source(whole), recipe="F32").notes
    assert notes == ("vision_tower.patch.weight is left out: it belongs to the part that sees",)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "'text_config' is None instead of an object"),
        ({"text_config": {"hidden_activation": "gelu"}}, "only 'gelu_pytorch_tanh'"),
        ({"text_config": {}, "quantization_config": {"bits": 4}}, "quantized already"),
    ],
)
def test_nested_settings_that_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        architecture_for({"architectures": [WRAPPED.hf_name]} | config)
