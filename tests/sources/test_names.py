"""What a checkpoint's tensors are called, whoever saved them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from llmq.architectures import ARCHITECTURES
from llmq.errors import ArchitectureError, CheckpointError
from llmq.sources.checkpoint import Checkpoint, open_checkpoint
from llmq.sources.names import plain_names

LLAMA = ARCHITECTURES["LlamaForCausalLM"]


@pytest.fixture
def checkpoint(make_checkpoint: Callable[..., Path]) -> Checkpoint:
    """A small model, tied."""
    folder = make_checkpoint()
    config = json.loads((folder / "config.json").read_text())
    assert config["tie_word_embeddings"] is True
    return open_checkpoint(folder)


def called(checkpoint: Checkpoint, change: Callable[[str], str]) -> Checkpoint:
    return replace(checkpoint, tensors={change(n): t for n, t in checkpoint.tensors.items()})


def test_names_of_rows_stay(checkpoint: Checkpoint) -> None:
    assert plain_names(checkpoint, LLAMA) == (checkpoint, ())


@pytest.mark.parametrize(
    "change",
    [
        lambda name: f"module.{name}",
        lambda name: f"model.{name}",
        lambda name: f"base_model.model.{name}",
        lambda name: f"_forward_module.module.{name}",
        lambda name: f"_orig_mod.{name.replace('.mlp.', '._orig_mod.mlp.')}",
        lambda name: name.removeprefix("model."),
        lambda name: f"module.{name.removeprefix('model.')}",
    ],
)
def test_wrappers(checkpoint: Checkpoint, change: Callable[[str], str]) -> None:
    found, notes = plain_names(called(checkpoint, change), LLAMA)
    assert found.tensors == checkpoint.tensors
    assert notes


def test_a_text_tower_in_a_wrapper(checkpoint: Checkpoint) -> None:
    """`renamed` comes after the wrapper, and what is no part of the tower keeps its name."""
    tower = replace(LLAMA, renamed=((r"^model\.language_model\.", "model."),))
    inside = called(checkpoint, lambda n: f"module.{n.replace('model.', 'model.language_model.')}")
    seen = inside.tensors | {"module.model.vision_tower.x": checkpoint.tensors["model.norm.weight"]}
    found, _ = plain_names(replace(inside, tensors=seen), tower)
    assert found.tensors.keys() == {*checkpoint.tensors, "model.vision_tower.x"}


def test_names_that_nobody_knows_stay(checkpoint: Checkpoint) -> None:
    strange = called(checkpoint, lambda name: name.replace("model.", "decoder_"))
    assert plain_names(strange, LLAMA) == (strange, ())


@pytest.mark.parametrize("name", ["weights", "model.", "a.b.c", ""])
def test_one_tensor_that_nobody_knows(checkpoint: Checkpoint, name: str) -> None:
    """All of its name could be a wrapper's: there is an end to that."""
    tensor = next(iter(checkpoint.tensors.values()))
    alone = replace(checkpoint, tensors={name: tensor})
    assert list(plain_names(alone, LLAMA)[0].tensors) == [name]


def test_one_name_for_two(checkpoint: Checkpoint) -> None:
    tensors = checkpoint.tensors | {
        "model.norm._orig_mod.weight": checkpoint.tensors["model.norm.weight"]
    }
    with pytest.raises(CheckpointError, match="names of one tensor"):
        plain_names(replace(checkpoint, tensors=tensors), LLAMA)


def test_of_tied_matrices_one_is_enough(checkpoint: Checkpoint) -> None:
    head = called(checkpoint, lambda n: "lm_head.weight" if n == "model.embed_tokens.weight" else n)
    found, notes = plain_names(head, LLAMA)
    assert found.tensors == checkpoint.tensors
    assert "lm_head.weight" in notes[0]
    untied = replace(checkpoint, config={**checkpoint.config, "tie_word_embeddings": False})
    with pytest.raises(ArchitectureError, match=r"lm_head\.weight.*AutoModelForCausalLM"):
        plain_names(untied, LLAMA)


def test_what_an_index_lists_in_vain(checkpoint: Checkpoint) -> None:
    shard = "model-00001-of-00002.safetensors"
    wrapped = called(checkpoint, lambda name: f"module.{name}")
    vain = replace(wrapped, unheld={"module.lm_head.weight": shard})
    _, notes = plain_names(vain, LLAMA)
    assert "lists lm_head.weight, which no shard holds" in notes[-1]
    with pytest.raises(CheckpointError, match=rf"{shard} does not hold the tensor 'ghost'"):
        plain_names(replace(wrapped, unheld={"ghost": shard}), LLAMA)
