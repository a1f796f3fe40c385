"""Every architecture, through every stage: llama.cpp computes what transformers does."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import transformers

from llmq.architectures import ARCHITECTURES, architecture_for
from llmq.architectures.llama import LLAMA as LLAMA_TABLE
from llmq.architectures.mistral import MISTRAL
from llmq.architectures.rope import rope
from llmq.errors import ArchitectureError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq_peer.random_models import save_random_model
from llmq_peer.variants import VARIANTS
from llmq_peer.variants.ropes import LINEAR, LLAMA3, THETA, YARN
from llmq_peer.variants.variant import Variant
from tests.architectures.logits import CLOSE, EXACT, check_logits

LLAMA = {"architectures": ["LlamaForCausalLM"]}
EVERY = [
    pytest.param(name, variant, id=f"{name}-{number}")
    for name, variants in VARIANTS.items()
    for number, variant in enumerate(variants)
]


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_logits_equal_transformers(
    tmp_path: Path, byte_tokenizer: dict[str, Any], name: str, variant: Variant
) -> None:
    model = save_random_model(tmp_path / "model", name, variant.settings)
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
    source = open_source(tmp_path / "model")
    for recipe, allowed in (("F32", EXACT), ("Q8_0", CLOSE)):
        plan = make_plan(source, recipe=recipe)
        file = execute(plan, tmp_path / f"{recipe}.gguf", load_check=False)
        check_logits(model, file, allowed, n_tokens=variant.n_tokens)


def test_every_architecture_is_tried() -> None:
    assert set(VARIANTS) == set(ARCHITECTURES)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "'architectures' is None"),
        (
            {"architectures": ["GPT2LMHeadModel"]},
            "'GPT2LMHeadModel' is not supported; llmq architectures lists",
        ),
        (
            {"architectures": ["Gemma3nForConditionalGeneration"]},
            "is not supported; the nearest is Gemma3ForConditionalGeneration; llmq",
        ),
        (
            LLAMA | {"num_hidden_layers": 10**9},
            "num_hidden_layers is 1000000000, and llama.cpp takes",
        ),
        ({"architectures": ["Qwen3NextForCausalLM"]}, "the nearest is Qwen3ForCausalLM; llmq"),
        ({"architectures": ["LlamaForCausalLM", "B"]}, "a list of one name"),
        (
            {"architectures": ["LlamaForCausalLM"], "rope_scaling": {"type": "dynamic"}},
            "kind 'dynamic' is not supported",
        ),
        (LLAMA | {"hidden_act": "gelu"}, "activation 'gelu' is not supported"),
        (LLAMA | {"rope_scaling": {"type": "linear"}}, "setting factor is None"),
        (LLAMA | {"rope_scaling": LINEAR | {"factor": 10**400}}, "setting factor is 1000"),
        (LLAMA | {"rope_parameters": {"full_attention": THETA}}, "each kind of layer"),
        (LLAMA | {"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        (LLAMA | {"rope_scaling": YARN | {"beta_fast": 16}}, "beta_fast is 16"),
        (LLAMA | {"rope_scaling": YARN | {"truncate": False}}, "truncate is False"),
        (
            {"architectures": ["Qwen2ForCausalLM"], "rope_scaling": LLAMA3},
            "kind 'llama3' is not supported",
        ),
    ],
)
def test_models_that_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        architecture_for(config)


@pytest.mark.parametrize(
    "config",
    [
        {"rope_scaling": LINEAR, "rope_theta": 5.0},
        {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_theta": 5.0},
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5.0}},
        {"rope_scaling": LINEAR | {"rope_theta": 5.0}, "rope_theta": 7.0},
        {"rope_scaling": LINEAR, "rope_parameters": YARN, "rope_theta": 5.0},
        {"rope_scaling": YARN, "original_max_position_embeddings": 32},
        {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}, "max_position_embeddings": 99},
    ],
)
def test_rope_settings_are_read_as_transformers_reads_them(config: dict[str, Any]) -> None:
    theirs = transformers.LlamaConfig(**copy.deepcopy(config))
    theirs.standardize_rope_params()
    expected: dict[str, Any] = dict(theirs.rope_parameters or {})
    ours = rope(LLAMA_TABLE.settings(config))
    for name in ("rope_type", "rope_theta", "factor"):
        assert ours.get(name) == expected.get(name), name
    original, context = "original_max_position_embeddings", theirs.max_position_embeddings
    # What is not said is the context, as transformers and llama.cpp both have it.
    assert (ours.get(original) or context) == (expected.get(original) or context)


def test_a_null_is_not_the_default() -> None:
    assert MISTRAL.settings({})["num_key_value_heads"] == 8
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1, "vocab_size": 9}
    settings = MISTRAL.settings(sizes | {"num_attention_heads": 4, "num_key_value_heads": None})
    assert MISTRAL.sizes(settings)["kv"] == 64


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rms_norm_eps", float("nan"), "rms_epsilon is nan"),
        ("rms_norm_eps", 1e300, r"rms_epsilon is 1e\+300"),
        ("max_position_embeddings", 128.5, "context_length is 128.5"),
        ("max_position_embeddings", 1 << 32, "context_length is 4294967296"),
        ("head_dim", 10**12, "head_dim is 1000000000000"),
        ("num_attention_heads", 128, "128 heads of 0"),
    ],
)
def test_numbers_that_no_file_can_hold(
    make_checkpoint: Callable[..., Path], field: str, value: float, message: str
) -> None:
    folder = make_checkpoint(rope_scaling=LLAMA3)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(ArchitectureError, match=message):
        make_plan(open_source(folder))


def test_a_tied_output_matrix_that_the_checkpoint_holds(
    make_checkpoint: Callable[..., Path],
) -> None:
    """Equal, it is left out with a note; different, either may be meant."""

    def add(tensors: dict[str, Any]) -> None:
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].copy()

    def differ(tensors: dict[str, Any]) -> None:
        add(tensors)
        tensors["lm_head.weight"][200, 5] += 1

    folder = make_checkpoint(change=add)
    plan = make_plan(open_source(folder), recipe="Q8_0")
    assert plan.notes == ("lm_head.weight is left out: it repeats model.embed_tokens.weight",)
    folder.rename(folder.with_name("first"))
    with pytest.raises(ArchitectureError, match="the two differ; set tie_word_embeddings to false"):
        make_plan(open_source(make_checkpoint(change=differ)))


@pytest.mark.parametrize(
    ("name", "settings", "window"),
    [
        ("MistralForCausalLM", {"max_position_embeddings": 8192}, 4096),
        ("MistralForCausalLM", {"sliding_window": 100}, 100),
        ("MistralForCausalLM", {"sliding_window": None}, None),
        ("MistralForCausalLM", {}, None),  # the default window is wider than this context
        ("LlamaForCausalLM", {"sliding_window": 100}, None),
    ],
)
def test_a_window_that_llama_cpp_does_not_apply_is_noted(
    make_checkpoint: Callable[..., Path], name: str, settings: dict[str, Any], window: int | None
) -> None:
    checkpoint = open_source(make_checkpoint(architectures=[name], **settings))
    plan = make_plan(checkpoint, recipe="Q8_0")
    found = [note for note in plan.notes if f"texts longer than {window} tokens" in note]
    assert len(plan.notes) == len(found) == (window is not None)
