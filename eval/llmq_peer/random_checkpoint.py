"""Checkpoints of random weights with real sizes: for measuring cost, not quality.

The weights are BF16, normally distributed, in shards of whole tensors; the tokenizer knows the
bytes and nothing else, and the rest of the vocabulary stays unused.
"""

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from llmq.architectures.llama import LLAMA

# num_hidden_layers, hidden, intermediate, heads, key heads, vocabulary, tied
SIZES: dict[str, tuple[int, int, int, int, int, int, bool]] = {
    "0.5M": (3, 96, 320, 3, 1, 257, False),  # rows that superblocks do not divide
    "7M": (9, 256, 512, 8, 2, 512, True),
    "130M": (12, 768, 2304, 12, 4, 32000, False),
    "0.5B": (24, 896, 4864, 14, 2, 151936, True),  # Qwen2.5-0.5B's sizes
    "1.1B": (22, 2048, 5632, 32, 4, 32000, False),  # TinyLlama's sizes
}
PIECE = 1 << 22  # weights made at once


def write_checkpoint(folder: Path, *, size: str, shards: int) -> None:
    """Write the checkpoint into `folder`, which is made."""
    layers, hidden, ffn, heads, kv_heads, vocabulary, tied = SIZES[size]
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "intermediate_size": ffn,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocabulary,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": tied,
        "eos_token_id": 256,
        "torch_dtype": "bfloat16",
    }
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>"})
    )
    sizes = LLAMA.sizes(config)
    rows = [row for row in LLAMA.rows(config, layers) if row.present(config)]
    shapes = {row.source: tuple(sizes[name] for name in row.shape) for row in rows}
    names = list(shapes)
    per_shard = -(-len(names) // shards)
    weight_map: dict[str, str] = {}
    rng = np.random.default_rng(0)
    for number in range(shards):
        held = names[number * per_shard : (number + 1) * per_shard]
        shard = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        write_shard(folder / shard, {name: shapes[name] for name in held}, rng)
        weight_map |= dict.fromkeys(held, shard)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_shard(path: Path, shapes: dict[str, tuple[int, ...]], rng: np.random.Generator) -> None:
    """One safetensors file of random BF16 weights; norms lie around one."""
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for shape in shapes.values():
            for start in range(0, prod(shape), PIECE):
                count = min(PIECE, prod(shape) - start)
                weights = rng.standard_normal(count, np.float32)
                weights = weights * np.float32(0.02) + np.float32(len(shape) == 1)
                file.write((weights.view("<u4") >> 16).astype("<u2").tobytes())


def byte_tokenizer() -> dict[str, Any]:
    """A tokenizer.json of the 256 bytes, as GPT-2 writes them, and an end of text."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    letters |= {byte: chr(256 + index) for index, byte in enumerate(rest)}
    vocabulary = {letters[byte]: byte for byte in range(256)}
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
        "added_tokens": [{"id": 256, "content": "<|end|>", "special": True, **flags}],
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": None,
        "decoder": level,
        "model": {"type": "BPE", "vocab": {**vocabulary, "<|end|>": 256}, "merges": []},
    }
