"""Recipes give the types that llama-quantize gives, and whole files its bytes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.errors import RecipeError
from llmq.files.gguf import GgufFile, open_gguf
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.choose import formats_for
from llmq.recipes.overrides import Overrides, format_named, tensor_type
from llmq.recipes.table import RECIPES, recipe_named
from llmq.sources.opening import open_source
from llmq_kernels import Encoder
from llmq_peer.imatrix_files import random_importance, save_importance
from llmq_peer.llama_quantize import quantize
from llmq_peer.random_models import save_random_model
from tests.oracles.gguf_models import differences
from tests.oracles.skeletons import SKELETONS, Skeleton

NOTHING = {"nothing": np.ones(1, np.float32)}
QUANTIZED = [name for name, recipe in RECIPES.items() if recipe.follows_rules]


@pytest.fixture(scope="session")
def skeleton_files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The files of all skeletons."""
    folder = tmp_path_factory.mktemp("skeletons")
    return {name: each.save(folder / f"{name}.gguf") for name, each in SKELETONS.items()}


def types(file: GgufFile) -> dict[str, str]:
    return {tensor.name: tensor.type_name for tensor in file.tensors}


def our_types(
    skeleton: Skeleton, recipe: str, overrides: Overrides, *, guided: bool = False
) -> dict[str, str]:
    chosen = recipe_named(recipe)
    choices = formats_for(chosen, skeleton.shapes, skeleton.facts, overrides, guided=guided)
    return {name: choice.format.name for name, choice in choices.items()}


@pytest.mark.parametrize("guided", [False, True], ids=["plain", "guided"])
@pytest.mark.parametrize("recipe", QUANTIZED)
@pytest.mark.parametrize("name", SKELETONS)
def test_types(
    name: str, recipe: str, guided: bool, skeleton_files: Mapping[str, Path], tmp_path: Path
) -> None:
    rows = NOTHING if guided else None
    source, file_type = skeleton_files[name], RECIPES[recipe].file_type
    theirs = types(quantize(source, tmp_path / "out.gguf", file_type, rows))
    opened = open_source(source)
    shapes = {tensor.name: tensor.shape for tensor in opened.tensors}
    ours = formats_for(RECIPES[recipe], shapes, opened.facts, guided=guided)
    assert {name: choice.format.name for name, choice in ours.items()} == theirs


OVERRIDES = {
    "output": Overrides(output="Q8_0"),
    "embedding": Overrides(embedding="Q4_1"),
    "both": Overrides(output="Q5_K", embedding="F16"),
    "pure": Overrides(pure=True),
    "pure, with an output": Overrides(pure=True, output="Q8_0"),
    "a value": Overrides(tensors=(tensor_type(r"attn_(qk)?v=q8_0"),)),
    "some layers": Overrides(tensors=(tensor_type(r"blk\.(2|5|1\d)\.(attn_v|ffn_down)=Q5_1"),)),
    "the first wins": Overrides(
        tensors=(tensor_type("FFN_=q5-0"), tensor_type("down=F16"), tensor_type("embd=NVFP4"))
    ),
    "all": Overrides(
        tensors=(tensor_type("(output|embd).weight=Q4_0"), tensor_type("ffn_.*=IQ4_XS")),
        output="Q6_K",
        embedding="Q3_K",
        pure=True,
    ),
}


@pytest.mark.parametrize("recipe", ["Q4_K_M", "Q4_0", "MXFP4_MOE"])
@pytest.mark.parametrize("overrides", OVERRIDES.values(), ids=OVERRIDES)
@pytest.mark.parametrize("name", ["grouped", "tied", "eight experts", "gemma3n", "falcon"])
def test_types_that_are_named(
    name: str,
    overrides: Overrides,
    recipe: str,
    skeleton_files: Mapping[str, Path],
    tmp_path: Path,
) -> None:
    """The counts of a mix pass over tensors whose type is named."""
    skeleton, file_type = SKELETONS[name], RECIPES[recipe].file_type
    output = tmp_path / "out.gguf"
    theirs = types(quantize(skeleton_files[name], output, file_type, overrides=overrides))
    assert our_types(skeleton, recipe, overrides) == theirs


def test_a_named_type_that_does_not_fit() -> None:
    skeleton = SKELETONS["width 320"]
    named = Overrides(tensors=(tensor_type("attn_q=Q4_K"),), output="Q6_K")
    found = our_types(skeleton, "Q8_0", named)
    assert (found["blk.0.attn_q.weight"], found["output.weight"]) == ("Q5_0", "Q8_0")
    odd = Overrides(tensors=(tensor_type("attn_q=NVFP4"),))
    with pytest.raises(RecipeError, match=r"blk\.0\.attn_q\.weight: NVFP4 stores blocks of 64"):
        our_types(replace(skeleton, width=96), "Q8_0", odd)


def test_types_are_named_beside_floats_too() -> None:
    named = Overrides(tensors=(tensor_type("attn_q=Q8_0"),), output="Q6_K")
    found = our_types(SKELETONS["tied"], "BF16", named)
    assert set(found.values()) == {"BF16", "F32", "Q8_0", "Q6_K"}
    assert found["token_embd.weight"] == "Q6_K"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q4_k_m", "Q4_K_M"),
        ("q4-k-m", "Q4_K_M"),
        ("Q4_K", "Q4_K_M"),
        ("q5_k", "Q5_K_M"),
        ("Q3_K", "Q3_K_M"),
        ("q6_k", "Q6_K"),
        ("iq4-nl", "IQ4_NL"),
        ("bf16", "BF16"),
    ],
)
def test_names(asked: str, found: str) -> None:
    assert recipe_named(asked).name == found


def test_names_that_are_unknown() -> None:
    with pytest.raises(RecipeError, match=r"no recipe 'Q4_K_L'; did you mean Q4_K"):
        recipe_named("Q4_K_L")
    with pytest.raises(RecipeError, match=r"no recipe '4bit'; known are F32, F16"):
        recipe_named("4bit")
    with pytest.raises(RecipeError, match=r"no type 'Q4_K_M'; did you mean Q4_K\?"):
        format_named("Q4_K_M")
    with pytest.raises(RecipeError, match=r"no type '4bit'; known are F32, F16"):
        format_named("4bit")


def test_patterns_that_are_mistaken() -> None:
    for text, message in (
        ("attn_v", "'attn_v' is not REGEX=TYPE, such as attn_v=Q6_K"),
        ("=Q6_K", "'=Q6_K' is not REGEX=TYPE"),
        ("attn_v=", "no type ''"),
        ("(attn=Q6_K", r"'\(attn' is no regular expression: missing \)"),
    ):
        with pytest.raises(RecipeError, match=message):
            tensor_type(text)
    for text, near in (
        (r"blk\.0\.atn_v\.weight=Q6_K", "the nearest are attn_v, attn_q, attn_k"),
        (r"norm=Q6_K", "matches no matrix of this model; it has token_embd, attn_q, attn_k"),
    ):
        with pytest.raises(RecipeError, match=near):
            our_types(SKELETONS["dense"], "Q4_0", Overrides(tensors=(tensor_type(text),)))


# --- whole models: every byte ---

WHOLE = {
    "tied": {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2},
    "narrow": {"hidden_size": 96, "intermediate_size": 320, "num_attention_heads": 3},
    "grouped": {
        "hidden_size": 256,
        "intermediate_size": 256,
        "num_hidden_layers": 16,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
    },
}
SETTINGS = {"num_attention_heads": 4, "num_key_value_heads": 1}


@pytest.fixture(scope="session")
def whole_models(
    tmp_path_factory: pytest.TempPathFactory, byte_tokenizer: dict[str, Any]
) -> Mapping[str, Path]:
    """Checkpoints of random models, each with its F32 file beside it."""
    folder = tmp_path_factory.mktemp("whole")
    for name, settings in WHOLE.items():
        tied = {"tie_word_embeddings": name == "tied"}
        save_random_model(folder / name, "LlamaForCausalLM", SETTINGS | settings | tied)
        (folder / name / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
        (folder / name / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}')
        plan = make_plan(open_source(folder / name), recipe="F32")
        execute(plan, folder / f"{name}.gguf", load_check=False)
    return {name: folder / name for name in WHOLE}


@pytest.mark.parametrize("guided", [False, True], ids=["plain", "guided"])
@pytest.mark.parametrize("recipe", QUANTIZED)
@pytest.mark.parametrize(
    "name", ["tied", "narrow", pytest.param("grouped", marks=pytest.mark.slow)]
)
def test_bytes(
    name: str, recipe: str, guided: bool, whole_models: Mapping[str, Path], tmp_path: Path
) -> None:
    checkpoint = whole_models[name]
    plain = open_gguf(checkpoint.with_suffix(".gguf"))
    matrices = {tensor.name: tensor.shape for tensor in plain.tensors}
    rows = random_importance(matrices) if guided else None
    importance = save_importance(tmp_path / "importance.gguf", rows) if rows else None
    plan = make_plan(
        open_source(checkpoint), recipe=recipe, importance=importance, encoder=Encoder.GGML
    )
    ours = execute(plan, tmp_path / "ours.gguf", load_check=False)
    theirs = quantize(plain.path, tmp_path / "theirs.gguf", RECIPES[recipe].file_type, rows)
    # What the tool writes of importance, the call does not.
    written = set(importance.metadata) if importance else set()
    assert set(differences(ours, theirs)) == written
