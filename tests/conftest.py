"""Fixtures that more than one test file uses."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real text and trained models beside the checkout, where it is present."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "models").is_dir():
        pytest.skip(f"the test data folder {folder} is not present")
    return folder


@pytest.fixture(scope="session")
def byte_tokenizer() -> dict[str, Any]:
    """A tokenizer.json of the bytes alone, as GPT-2 writes them, and an end of text: 257 tokens."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    letters |= {byte: chr(256 + index) for index, byte in enumerate(rest)}
    vocabulary = {letters[byte]: byte for byte in range(256)}
    end = {"id": 256, "content": "<|end|>", "special": True}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": True,
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{**end, **flags}],
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": None,
        "decoder": level,
        "model": {"type": "BPE", "vocab": {**vocabulary, "<|end|>": 256}, "merges": []},
    }


def save_safetensors(path: Path, tensors: Mapping[str, NDArray[Any]], dtype: str) -> None:
    """Write float32 arrays as a safetensors file of F32, F16 or BF16, BF16 by truncation."""
    header, data = {}, b""
    for name, array in tensors.items():
        raw = {
            "F32": lambda a: a.astype("<f4"),
            "F16": lambda a: a.astype("<f2"),
            "BF16": lambda a: (a.astype("<f4").view("<u4") >> 16).astype("<u2"),
        }[dtype](array).tobytes()
        span = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": span}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


MakeCheckpoint = Callable[..., Path]


@pytest.fixture
def make_checkpoint(tmp_path: Path, byte_tokenizer: dict[str, Any]) -> MakeCheckpoint:
    """A function that writes a small random Llama checkpoint in two shards and returns its folder.

    `make_checkpoint(dtype="BF16", change=f, **config)`: `f` may change the tensors before they are
    written; `config` overrides fields of config.json.
    """

    def make(
        dtype: str = "BF16",
        change: Callable[[dict[str, NDArray[np.float32]]], None] | None = None,
        **overrides: Any,
    ) -> Path:
        folder = tmp_path / "tiny"
        folder.mkdir()
        config = TINY_CONFIG | overrides
        tensors = random_tensors(config)
        if change is not None:
            change(tensors)
        names = list(tensors)
        shards = {"model-00001-of-00002.safetensors": names[::2]}
        shards["model-00002-of-00002.safetensors"] = names[1::2]
        for shard, held in shards.items():
            save_safetensors(folder / shard, {name: tensors[name] for name in held}, dtype)
        weight_map = {name: shard for shard, held in shards.items() for name in held}
        index = {"metadata": {}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer))
        (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|end|>"}))
        return folder

    return make


TINY_CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "vocab_size": 257,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
}


def random_tensors(config: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Random weights for a Llama of this configuration, by Hugging Face names."""
    hidden, ffn = config["hidden_size"], config["intermediate_size"]
    kv = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    matrices = {
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (kv, hidden),
        "self_attn.v_proj": (kv, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (ffn, hidden),
        "mlp.up_proj": (ffn, hidden),
        "mlp.down_proj": (hidden, ffn),
        "input_layernorm": (hidden,),
        "post_attention_layernorm": (hidden,),
    }
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (config["vocab_size"], hidden)
    }
    for layer in range(config["num_hidden_layers"]):
        shapes |= {f"model.layers.{layer}.{name}.weight": s for name, s in matrices.items()}
    shapes["model.norm.weight"] = (hidden,)
    if not config["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (config["vocab_size"], hidden)
    rng = np.random.default_rng(1)
    return {
        name: rng.normal(0, 0.05, shape).astype(np.float32) + np.float32(len(shape) == 1)
        for name, shape in shapes.items()
    }
