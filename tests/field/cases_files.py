"""What lies in a folder, how its weights are stored, what it is called."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tests.field.bases import LLAMA, METASPACE, MISTRAL, PIECE_LLAMA, QWEN2, QWEN3
from tests.field.case import Case, Converts, refused
from tests.field.folder import Step, file, gone, rewritten, weights

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 272123144\n"
KINDS = (torch.float32, torch.float16, torch.bfloat16)


def as_type(*kinds: torch.dtype) -> Callable[[dict[str, Any]], None]:
    """Each tensor becomes one of these types, in turn."""

    def change(tensors: dict[str, Any]) -> None:
        for number, name in enumerate(sorted(tensors)):
            tensors[name] = tensors[name].to(kinds[number % len(kinds)])

    return change


def added(name: str, shape: tuple[int, ...]) -> Callable[[dict[str, Any]], None]:
    """One tensor more."""
    return lambda tensors: tensors.update({name: torch.ones(shape)})


def tied_copy(tensors: dict[str, Any]) -> None:
    """The output matrix is stored although it is the embedding."""
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()


def called(change: Callable[[str], str]) -> Callable[[dict[str, Any]], None]:
    """All tensors have other names."""

    def rename(tensors: dict[str, Any]) -> None:
        for name in list(tensors):
            tensors[change(name)] = tensors.pop(name)

    return rename


def cut(tensors: dict[str, Any]) -> None:
    """A row of a matrix is missing."""
    name = "model.layers.0.mlp.up_proj.weight"
    tensors[name] = tensors[name][:-1].clone()


def lost(tensors: dict[str, Any]) -> None:
    """A tensor is missing."""
    del tensors["model.layers.1.mlp.up_proj.weight"]


def same(_tensors: dict[str, Any]) -> None:
    """Nothing changes but the files."""


def pipe(name: str) -> Step:
    """A named pipe in place of a file."""

    def step(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return step


def linked(folder: Path) -> None:
    """The folder is a link to one in a cache of the hub, whose files are links to its blobs."""
    store = folder.parent / "blobs"
    real = folder.parent / "snapshots" / "0123abc"
    store.mkdir()
    real.parent.mkdir()
    folder.rename(real)
    folder.symlink_to(real, target_is_directory=True)
    for number, path in enumerate(sorted(real.iterdir())):
        path.rename(store / str(number))
        path.symlink_to(Path("..") / ".." / "blobs" / str(number))


def alone(folder: Path) -> None:
    """The one file has the name that it has without an index."""
    (folder / "model-00001-of-00001.safetensors").rename(folder / "model.safetensors")


def first_shard(change: Callable[[bytes], bytes]) -> Step:
    """The bytes of the first file of weights, changed."""
    return lambda folder: rewritten(min(folder.glob("*.safetensors")).name, change)(folder)


def shards_gone(folder: Path) -> None:
    """No weights in safetensors."""
    for path in folder.glob("*.safetensors*"):
        path.unlink()


ADAPTER = (
    file("adapter_config.json", '{"peft_type": "LORA"}'),
    file("adapter_model.safetensors", b""),
)
NOISE = (
    file("optimizer.pt", b"\x80\x02}q\x00."),
    file("training_args.bin", b"PK\x03\x04"),
    file("rng_state.pth", b""),
    file("trainer_state.json", "{"),
    file("runs/events.out.tfevents", b"\x00"),
    file(".gitattributes", "*.bin filter=lfs"),
)

CASES = (
    Case("files: one of F16", LLAMA, (weights(as_type(torch.float16)),)),
    Case("files: one of BF16", QWEN2, (weights(as_type(torch.bfloat16)),)),
    Case("files: three types in one", QWEN3, (weights(as_type(*KINDS)),)),
    Case("files: seven shards", MISTRAL, (weights(same, shards=7),)),
    Case(
        "files: one without an index",
        LLAMA,
        (
            weights(same),
            gone("model.safetensors.index.json"),
            alone,
        ),
    ),
    Case("files: what training leaves", LLAMA, NOISE),
    Case("files: PyTorch's weights beside", LLAMA, (file("pytorch_model.bin", b"PK\x03\x04"),)),
    Case(
        "files: PyTorch's weights alone",
        LLAMA,
        (shards_gone, file("pytorch_model.bin", b"PK\x03\x04")),
        refused("safetensors"),
    ),
    Case("files: an adapter beside", QWEN2, (file("adapter_model.safetensors", b""),)),
    Case("files: the original's weights beside", MISTRAL, (file("consolidated.safetensors", b""),)),
    Case("files: the output matrix though tied", LLAMA, (weights(tied_copy),)),
    Case(
        "files: rotary buffers",
        PIECE_LLAMA,
        (weights(added("model.layers.0.self_attn.rotary_emb.inv_freq", (8,))),),
        Converts(notes=("inv_freq",)),
    ),
    Case(
        "files: a tensor nobody knows",
        LLAMA,
        (weights(added("model.layers.0.self_attn.q_proj.lora_A.weight", (2, 64))),),
        refused("lora_A"),
    ),
    Case(
        "files: an adapter alone",
        LLAMA,
        (shards_gone, gone("config.json"), *ADAPTER),
        refused("an adapter that names no base", "llmq convert BASE --lora"),
    ),
    Case(
        "files: an adapter alone beside config.json",
        QWEN2,
        (shards_gone, *ADAPTER),
        refused("an adapter that names no base", "llmq convert BASE --lora"),
    ),
    Case(
        "files: an adapter that was merged",
        LLAMA,
        ADAPTER,
        Converts(notes=("holds an adapter too", "if the weights are without it yet, add --lora")),
    ),
    Case(
        "files: an adapter that was not merged",
        LLAMA,
        (weights(called(lambda name: name.replace("proj.weight", "proj.base_layer.weight"))),),
        refused("self_attn.q_proj.weight", "merge_and_unload()"),
    ),
    Case("files: a tensor is missing", QWEN2, (weights(lost),), refused("layers.1.mlp.up_proj")),
    Case("files: a matrix of another size", LLAMA, (weights(cut),), refused("up_proj", "95")),
    Case(
        "files: a shard is missing",
        LLAMA,
        (lambda f: min(f.glob("*.safetensors")).unlink(),),
        refused(".safetensors"),
    ),
    Case(
        "files: a shard cut short",
        LLAMA,
        (first_shard(lambda data: data[:-5]),),
        refused(".safetensors"),
    ),
    Case(
        "files: a shard is a pointer",
        LLAMA,
        (first_shard(lambda _: POINTER.encode()),),
        refused(".safetensors", "git lfs pull"),
    ),
    Case("files: a shard is empty", LLAMA, (first_shard(lambda _: b""),), refused(".safetensors")),
    Case(
        "files: an index that leads out",
        LLAMA,
        (
            rewritten(
                "model.safetensors.index.json",
                lambda data: data.replace(b"model-00001-of", b"../model-00001-of"),
            ),
        ),
        refused("../model-00001-of"),
    ),
    Case("files: links, as in the hub's cache", LLAMA, (linked,)),
    Case(
        "files: a name that llama.cpp takes for Phi-3's",
        LLAMA,
        right=Converts(notes=("is written as 'Phi 3 Tutor'",)),
        folder="phi3-tutor",
    ),
    Case(
        "files: a card with a name that llama.cpp takes for Phi-3's",
        METASPACE,
        (file("README.md", "---\nmodel_name: From-Phi-3-to-Phi3\n---\n"),),
        Converts(notes=("is written as 'From-Phi 3-to-Phi 3'",)),
    ),
    Case("files: a name with spaces", LLAMA, folder="my tutor (final) v2"),
    Case("files: a name beyond ASCII", METASPACE, folder="Köchin-教师-🎓"),
    Case("files: a name with escape sequences", LLAMA, folder="a\x1b[31mred\x07"),
    Case("files: a name with a line end", QWEN2, folder="two\nlines"),
    Case("files: a name with percent and braces", LLAMA, folder="50%_{x}_$HOME"),
)
PIPES = tuple(
    Case(f"files: {name} is a pipe", base, (pipe(name),), right)
    for name, base, right in (
        ("config.json", LLAMA, refused("config.json")),
        ("tokenizer.json", LLAMA, refused("tokenizer.json")),
        ("model.safetensors.index.json", LLAMA, refused("model.safetensors.index.json")),
        ("tokenizer.model", PIECE_LLAMA, refused("tokenizer.model")),
        # The others need not be there, and where they are no files, they are not.
        ("generation_config.json", QWEN2, Converts()),
        ("special_tokens_map.json", LLAMA, Converts()),
        ("added_tokens.json", PIECE_LLAMA, Converts()),
        ("chat_template.jinja", LLAMA, Converts()),
        ("README.md", LLAMA, Converts()),
    )
)
