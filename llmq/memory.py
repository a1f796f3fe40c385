"""How much memory a chat with a model needs, from its header alone.

Four parts: the weights, which stand in memory once; the keys and values of every token of the
context, which llama.cpp clears, and so touches, when it opens the model (`llama_kv_cache`); the
buffers of one batch; and the runtime itself: Python, llama.cpp, the vocabulary. Long conversations
need no more than that: the context is paid for from the start.

`scripts/measure-memory` holds the sum against the peak of real chats. It is known for the plain
decoders that llmq converts; of others (mixtures of experts, layers without attention) nothing is
said rather than something wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from llmq.architectures import ARCHITECTURES
from llmq.files.gguf import MetaValue
from llmq.runtime.decoder import BATCH_TOKENS
from llmq.runtime.opening import CONTEXT_LIMIT

PADDED_TO = 256  # tokens: `llama_context` rounds the context up to a multiple of these
VALUE_BYTES = 2  # of a key, a value and the attention mask: F16
# Floats that `llm_graph_context::build_ffn` and its neighbours hold at once for a token: two of the
# feed-forward layer's width, seven of the model's. scripts/measure-memory agrees to a few percent.
WIDE_FLOATS, NARROW_FLOATS = 2, 7
# Of Python, NumPy and llama.cpp, and of one entry of the vocabulary with its merges.
RUNTIME_BYTES, ENTRY_BYTES = 50_000_000, 384


class Tensor(Protocol):
    """A tensor of a file that exists, or of one that is planned."""

    @property
    def name(self) -> str:
        """Its name in the file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""

    @property
    def n_bytes(self) -> int:
        """Its size in the file."""


class Header(Protocol):
    """What a `GgufFile` and a `Plan` know."""

    @property
    def metadata(self) -> Mapping[str, MetaValue]:
        """The file's keys."""

    @property
    def tensors(self) -> Sequence[Tensor]:
        """The file's tensors."""


@dataclass(frozen=True)
class Memory:
    """The parts in bytes."""

    weights: int
    cache: int
    buffers: int
    runtime: int

    @property
    def total(self) -> int:
        """What `llmq chat` takes at its peak."""
        return self.weights + self.cache + self.buffers + self.runtime


def context_used(model: Header, context: int) -> int:
    """The tokens of context that a chat has where so many are asked for: at most the model's."""
    sizes = _sizes(model)
    return min(context, sizes["context_length"]) if sizes else context


def memory_to_run(model: Header, context: int = CONTEXT_LIMIT) -> Memory | None:
    """The memory of a chat with so many tokens of context, at most the model's own.

    None for a model whose graph is not one of those that this file describes.
    """
    sizes = _sizes(model)
    if sizes is None:
        return None
    n_tokens = -(-context_used(model, context) // PADDED_TO) * PADDED_TO
    head = sizes["embedding_length"] // sizes["attention.head_count"]
    of_token = sum(sizes.get(f"attention.{kind}_length", head) for kind in ("key", "value"))
    wide = WIDE_FLOATS * sizes["feed_forward_length"] + NARROW_FLOATS * sizes["embedding_length"]
    embeddings = next((t for t in model.tensors if t.name == "token_embd.weight"), None)
    if embeddings is None:
        return None
    return Memory(
        weights=sum(tensor.n_bytes for tensor in model.tensors),
        cache=sizes[ALL_KEY_HEADS] * of_token * VALUE_BYTES * n_tokens,
        buffers=BATCH_TOKENS * (4 * wide + VALUE_BYTES * n_tokens),
        runtime=RUNTIME_BYTES + ENTRY_BYTES * embeddings.shape[0],
    )


def memory_of(model: Header, context: int = CONTEXT_LIMIT) -> int | None:
    """The bytes that `llmq chat` takes at its peak with this context, or None where not known."""
    memory = memory_to_run(model, context)
    return memory.total if memory else None


REQUIRED = (
    "block_count", "context_length", "embedding_length", "feed_forward_length",
    "attention.head_count",
)  # fmt: skip
OPTIONAL = ("attention.key_length", "attention.value_length")
ALL_KEY_HEADS = "attention.head_count_kv"


def _sizes(model: Header) -> Mapping[str, int] | None:
    """The numbers that the sum needs by their keys, or None where one is missing or no number."""
    architecture = model.metadata.get("general.architecture")
    if architecture not in {known.name for known in ARCHITECTURES.values()}:
        return None
    experts = model.metadata.get(f"{architecture}.expert_count", np.uint32(0))
    if not isinstance(experts, np.integer) or experts:
        return None
    sizes: dict[str, int] = {}
    for key in (*REQUIRED, *OPTIONAL):
        value = model.metadata.get(f"{architecture}.{key}")
        if value is None and key in OPTIONAL:
            continue
        if not isinstance(value, np.integer) or value <= 0:
            return None
        sizes[key] = int(value)
    heads = model.metadata.get(f"{architecture}.{ALL_KEY_HEADS}")
    in_layers = _key_heads(heads, sizes["block_count"], sizes["attention.head_count"])
    if in_layers is None or model.metadata.get(f"{architecture}.attention.recurrent_layers"):
        return None
    return {**sizes, ALL_KEY_HEADS: sum(in_layers)}


def _key_heads(written: object, layers: int, otherwise: int) -> list[int] | None:
    """The heads of keys in every layer; None where a layer has none, or there is no saying."""
    if isinstance(written, np.ndarray):
        return written.tolist() if len(written) == layers and (written > 0).all() else None
    heads = otherwise if written is None else written
    if not isinstance(heads, int | np.integer) or heads <= 0:
        return None
    return [int(heads)] * layers
