"""What tensors are called, by who saved them, and what an index says of them."""

import json
from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests.field.bases import LLAMA, METASPACE, MISTRAL, PIECE_LLAMA, QWEN2, QWEN3
from tests.field.case import Case, Converts, refused
from tests.field.cases_files import added, called, tied_copy
from tests.field.folder import Step, config, weights

INDEX = "model.safetensors.index.json"
Change = Callable[[dict[str, Any]], None]


def wrapped(prefix: str) -> Change:
    """All names begin with this."""
    return called(lambda name: f"{prefix}{name}")


def bare(tensors: dict[str, Any]) -> None:
    """The names that the model inside has, without its output matrix."""
    tensors.pop("lm_head.weight", None)
    called(lambda name: name.removeprefix("model."))(tensors)


def marked(mark: str) -> Change:
    """Each layer was wrapped by itself."""
    return called(lambda name: name.replace(".self_attn.", f".{mark}self_attn."))


def head_alone(tensors: dict[str, Any]) -> None:
    """The output matrix instead of the embedding, to which it is tied."""
    tensors["lm_head.weight"] = tensors.pop("model.embed_tokens.weight")


def twice(tensors: dict[str, Any]) -> None:
    """One tensor under two names."""
    name = "model.norm.weight"
    tensors[f"_orig_mod.{name}"] = tensors[name].clone()


def partly_wrapped(tensors: dict[str, Any]) -> None:
    """A model with another head beside it."""
    wrapped("pretrained_model.")(tensors)
    tensors["v_head.summary.weight"] = torch.ones(1, 64)


def index(change: Callable[[dict[str, str]], object]) -> Step:
    """The map of the index, changed."""

    def step(folder: Any) -> None:
        table = json.loads((folder / INDEX).read_text())
        change(table["weight_map"])
        (folder / INDEX).write_text(json.dumps(table))

    return step


def listed(name: str) -> Step:
    """The index lists a tensor in the first shard, which does not hold it."""
    return index(lambda names: names.setdefault(name, min(names.values())))


def elsewhere(names: dict[str, str]) -> None:
    """The index has two tensors in each other's shard."""
    first = min(names, key=lambda name: names[name])
    last = max(names, key=lambda name: names[name])
    names[first], names[last] = names[last], names[first]


def copied(folder: Any) -> None:
    """A tensor is in two shards."""
    first, *_, last = sorted(folder.glob("*.safetensors"))
    name, tensor = next(iter(load_file(first).items()))
    save_file({**load_file(last), name: tensor}, last)


BEFORE = Converts(as_before=True)
CASES = (
    Case("names: the output matrix alone, tied", LLAMA, (weights(head_alone),), BEFORE),
    Case(
        "names: the output matrix alone, tied, in three shards",
        QWEN2,
        (weights(head_alone, shards=3),),
        Converts(("model.embed_tokens.weight is not there",), as_before=True),
    ),
    Case(
        "names: the output matrix alone, untied",
        QWEN2,
        (weights(head_alone), config(tie_word_embeddings=False)),
        refused("model.embed_tokens.weight"),
    ),
    Case(
        "names: compiled",
        QWEN2,
        (weights(wrapped("_orig_mod.")),),
        Converts(("without '_orig_mod.', which torch.compile adds",), as_before=True),
    ),
    Case("names: each layer compiled", LLAMA, (weights(marked("_orig_mod.")),), BEFORE),
    Case(
        "names: in parallel",
        MISTRAL,
        (weights(wrapped("module.")),),
        Converts(("without 'module.'",), as_before=True),
    ),
    Case("names: compiled in parallel", QWEN3, (weights(wrapped("module._orig_mod.")),), BEFORE),
    Case("names: by DeepSpeed", LLAMA, (weights(wrapped("_forward_module.")),), BEFORE),
    Case(
        "names: by FSDP",
        METASPACE,
        (weights(wrapped("_fsdp_wrapped_module.")), weights(marked("_fsdp_wrapped_module."))),
        Converts(("'_fsdp_wrapped_module.', which FSDP adds",), as_before=True),
    ),
    Case(
        "names: with activations checkpointed",
        PIECE_LLAMA,
        (weights(marked("_checkpoint_wrapped_module.")),),
        BEFORE,
    ),
    Case(
        "names: what peft wrapped, merged",
        QWEN2,
        (weights(wrapped("base_model.model.")),),
        Converts(("without 'base_model.model.'",), as_before=True),
    ),
    Case(
        "names: without model.",
        LLAMA,
        (weights(bare),),
        Converts(("with 'model.' in front",), as_before=True),
    ),
    Case(
        "names: by AutoModel",
        QWEN2,
        (weights(bare), config(architectures=["Qwen2Model"])),
        BEFORE,
    ),
    Case(
        "names: by AutoModel, compiled",
        QWEN3,
        (weights(bare), weights(wrapped("_orig_mod.")), config(architectures=["Qwen3Model"])),
        BEFORE,
    ),
    Case(
        "names: by AutoModel, without the output matrix",
        MISTRAL,
        (weights(bare), config(architectures=["MistralModel"])),
        refused("lm_head.weight", "AutoModelForCausalLM"),
    ),
    Case("names: model. twice", LLAMA, (weights(wrapped("model.")),), BEFORE),
    Case("names: model. twice, untied", MISTRAL, (weights(wrapped("model.")),), BEFORE),
    Case(
        "names: one tensor twice",
        QWEN2,
        (weights(twice),),
        refused("model.norm.weight", "names of one tensor"),
    ),
    Case(
        "names: another head beside",
        QWEN2,
        (weights(partly_wrapped),),
        refused("pretrained_model.model.", "the model itself"),
    ),
    Case(
        "names: a rotary buffer for all layers",
        PIECE_LLAMA,
        (weights(added("model.rotary_emb.inv_freq", (8,))),),
        Converts(("inv_freq",)),
    ),
    Case(
        "names: by AutoModel, with a rotary buffer",
        LLAMA,
        (weights(bare), weights(added("rotary_emb.inv_freq", (8,)))),
        BEFORE,
    ),
    Case(
        "index: a tied output matrix that no shard holds",
        QWEN2,
        (listed("lm_head.weight"),),
        Converts(("lists lm_head.weight, which no shard holds",)),
    ),
    Case(
        "index: a rotary buffer that no shard holds",
        LLAMA,
        (listed("model.layers.0.self_attn.rotary_emb.inv_freq"),),
    ),
    Case(
        "index: a tied output matrix held and not listed",
        LLAMA,
        (weights(tied_copy), index(lambda names: names.pop("lm_head.weight"))),
        Converts(("does not list lm_head.weight",)),
    ),
    Case(
        "index: a norm held and not listed",
        MISTRAL,
        (index(lambda names: names.pop("model.norm.weight")),),
        Converts(("does not list model.norm.weight",)),
    ),
    Case(
        "index: a tensor listed that nobody knows",
        LLAMA,
        (listed("model.layers.0.ghost.weight"),),
        refused("model.layers.0.ghost.weight", "does not hold"),
    ),
    Case(
        "index: a tensor held and not listed that nobody knows",
        LLAMA,
        (
            weights(added("model.ghost.weight", (2,))),
            index(lambda names: names.pop("model.ghost.weight")),
        ),
        refused("model.ghost.weight"),
    ),
    Case("index: two tensors in each other's shard", QWEN3, (index(elsewhere),)),
    Case("index: a tensor in two shards", QWEN2, (copied,), refused("is in model-0000")),
)
