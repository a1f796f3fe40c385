"""Small GGUF files of random weights, as llama.cpp's converter writes them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.files.gguf import GgufFile, Metadata, encode_header, open_gguf, padded
from llmq_kernels import FORMATS, Encoder
from llmq_peer.differences import differences_between

Values = NDArray[np.float32]
Shapes = dict[str, tuple[int, ...]]

LAYERS, HEADS, EXPERTS, ROWS = 5, 8, 4, 12
ATTENTION = ("attn_q", "attn_k", "attn_v", "attn_output")
GATED = ("ffn_gate", "ffn_up", "ffn_down")
NORMS = ("attn_norm", "ffn_norm")
HEAD_NORMS = ("attn_q_norm", "attn_k_norm")

# Of each architecture the matrices and the norms of a layer, and what lies outside the layers.
TENSORS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "llama": (ATTENTION + GATED, NORMS, ("output",)),
    "qwen3": (ATTENTION + GATED, NORMS + HEAD_NORMS, ()),
    "gpt2": (("attn_qkv", "attn_output", "ffn_up", "ffn_down"), NORMS, ("position_embd", "output")),
    "gemma3": (
        ATTENTION + GATED,
        (*NORMS, *HEAD_NORMS, "post_attention_norm", "post_ffw_norm"),
        (),
    ),
    "qwen3moe": (
        (*ATTENTION, "ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"),
        NORMS + HEAD_NORMS,
        ("output",),
    ),
}
WITH_BIAS = ("gpt2",)
IN_F32 = ("ffn_gate_inp", "_norm", ".bias")


def metadata(architecture: str, width: int) -> Metadata:
    """What llama.cpp asks for, a tokenizer's keys, and a value of every type."""
    numbers = {
        "context_length": 128,
        "embedding_length": width,
        "block_count": LAYERS,
        "feed_forward_length": 2 * width,
        "attention.head_count": HEADS,
    }
    experts = {"expert_count": EXPERTS, "expert_used_count": 2, "expert_feed_forward_length": width}
    shared = {"attention.head_count_kv": 2}
    more = {"gpt2": {}, "qwen3moe": experts | shared}.get(architecture, shared)
    return {
        "general.architecture": architecture,
        "general.type": "model",
        "general.name": "Tiny ünïcode",
        "general.file_type": np.uint32(1),
        **{f"{architecture}.{key}": np.uint32(value) for key, value in (numbers | more).items()},
        f"{architecture}.attention.layer_norm_rms_epsilon": np.float32(1e-6),
        f"{architecture}.attention.layer_norm_epsilon": np.float32(1e-5),
        f"{architecture}.rope.scaling.yarn": np.float64(0.1),
        "general.tags": ["one", "", "zwei"],
        "tokenizer.ggml.tokens": ["<s>", "a", "b"],
        "tokenizer.ggml.scores": np.array([0, -1.5, 2], np.float32),
        "tokenizer.ggml.token_type": np.array([3, 1, 1], np.int32),
        "tokenizer.ggml.add_bos_token": True,
        "general.size": np.uint64(1 << 40),
        "general.quantization_version": np.uint32(2),
    }


def shapes(architecture: str, width: int) -> Shapes:
    """The tensors in the order of the file."""
    return dict(_shapes(architecture, width))


def _shapes(architecture: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    matrices, norms, outside = TENSORS[architecture]
    for name in ("token_embd", *outside):
        yield f"{name}.weight", (ROWS, width)
    yield "output_norm.weight", (width,)
    for layer in range(LAYERS):
        for norm in norms:
            yield f"blk.{layer}.{norm}.weight", (width,)
        for name in matrices:
            columns = 2 * width if name.startswith("ffn_down") else width
            rows = (EXPERTS, ROWS) if name.endswith("_exps") else (ROWS,)
            yield f"blk.{layer}.{name}.weight", (*rows, columns)
            if architecture in WITH_BIAS:
                yield f"blk.{layer}.{name}.bias", (ROWS,)


def random_weights(some: Shapes) -> dict[str, Values]:
    """Weights of these shapes, the scale of each row its own."""
    rng = np.random.default_rng(3)
    return {
        name: (rng.standard_normal(shape) * rng.gamma(1, 0.1, (*shape[:-1], 1))).astype(np.float32)
        for name, shape in some.items()
    }


def stored_as(name: str, dtype: str) -> str:
    """The type of a tensor in the converter's file of this type."""
    return "F32" if any(part in name for part in IN_F32) else dtype


def save(path: Path, keys: Metadata, weights: Mapping[str, Values], dtype: str) -> Path:
    """Write a file in which matrices have this type."""
    return save_as(path, keys, weights, {name: stored_as(name, dtype) for name in weights})


def save_as(
    path: Path, keys: Metadata, weights: Mapping[str, Values], dtypes: Mapping[str, str]
) -> Path:
    """Write a file in which each tensor has its type."""
    records: list[tuple[str, tuple[int, ...], int, int]] = []
    data = b""
    for name, values in weights.items():
        fmt = FORMATS[dtypes[name]]
        raw = fmt.encode(values.reshape(-1, values.shape[-1]), encoder=Encoder.GGML).tobytes()
        records.append((name, values.shape, fmt.ggml_type, len(data)))
        data += raw.ljust(padded(len(raw)), b"\0")
    path.write_bytes(encode_header(keys, records) + data)
    return path


def save_parts(
    folder: Path, keys: Metadata, weights: Mapping[str, Values], dtype: str, counts: list[int]
) -> list[Path]:
    """Write the parts of a model; each holds so many of its tensors, in order."""
    parts, names = [], list(weights)
    for number, count in enumerate(counts):
        split: Metadata = {
            "split.no": np.uint16(number),
            "split.count": np.uint16(len(counts)),
            "split.tensors.count": np.int32(len(weights)),
        }
        held, names = names[:count], names[count:]
        path = folder / f"tiny-{dtype}-{number + 1:05}-of-{len(counts):05}.gguf"
        some = {name: weights[name] for name in held}
        parts.append(save(path, (keys if number == 0 else {}) | split, some, dtype))
    return parts


def differences(ours: Path, theirs: GgufFile) -> list[str]:
    """The keys and tensors in which two files differ, but for the keys that are llmq's own."""
    lines = differences_between(open_gguf(ours), theirs)
    return [line.partition(":")[0].partition(" ")[2] for line in lines]
