"""How much memory a chat with a model needs, from its header alone.

Four parts: the weights, which stand in memory once; what is kept of the tokens of the context,
which llama.cpp clears, and so touches, when it opens the model (`llmq.context_memory`); the
buffers of one batch, at a full context; and the runtime itself: Python, llama.cpp, the vocabulary.
Long conversations need no more than that.

`scripts/measure-memory` holds the sum against the peak of real chats. It is known for the decoders
that llmq converts; of others, and of mixtures of experts, nothing is said rather than something
wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from llmq.architectures import ARCHITECTURES
from llmq.context_memory import Keys, context_bytes, number, of_layers
from llmq.files.gguf import MetaValue
from llmq.runtime.decoder import BATCH_TOKENS
from llmq.runtime.how import CACHE_TYPES, CHAT, How
from llmq.runtime.opening import CONTEXT_LIMIT, scores_bytes

PADDED_TO = 256  # tokens: `llama_context` rounds the context up to a multiple of these
VALUE_BYTES = 2  # of the attention mask: F16
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
    known = _keys(model)
    return min(context, number(known, "context_length")) if known else context


def memory_to_run(
    model: Header, context: int = CONTEXT_LIMIT, *, cache_type: str = CHAT.cache_type
) -> Memory | None:
    """The memory of a chat with so many tokens of context, at most the model's own.

    None for a model whose graph is not one of those that this file describes.
    """
    keys = _keys(model)
    embeddings = next((t for t in model.tensors if t.name == "token_embd.weight"), None)
    if keys is None or embeddings is None:
        return None
    n_tokens = -(-context_used(model, context) // PADDED_TO) * PADDED_TO
    cache = context_bytes(keys, n_tokens, CACHE_TYPES[cache_type].n_bytes)
    if cache is None:
        return None
    widest = int(np.max(np.asarray(keys["feed_forward_length"])))
    wide = WIDE_FLOATS * widest + NARROW_FLOATS * number(keys, "embedding_length")
    heads = number(keys, "attention.head_count")
    return Memory(
        weights=sum(tensor.n_bytes for tensor in model.tensors),
        cache=cache,
        buffers=BATCH_TOKENS * (4 * wide + VALUE_BYTES * n_tokens)
        + scores_bytes(heads, n_tokens, How(cache_type)),
        runtime=RUNTIME_BYTES + ENTRY_BYTES * embeddings.shape[0],
    )


def memory_of(
    model: Header, context: int = CONTEXT_LIMIT, *, cache_type: str = CHAT.cache_type
) -> int | None:
    """The bytes that `llmq chat` takes at its peak with this context, or None where not known."""
    memory = memory_to_run(model, context, cache_type=cache_type)
    return memory.total if memory else None


REQUIRED = (
    "block_count", "context_length", "embedding_length", "attention.head_count",
)  # fmt: skip


def _keys(model: Header) -> Keys | None:
    """The keys of a model that this file describes, without its architecture's name."""
    architecture = model.metadata.get("general.architecture")
    if architecture not in {known.name for known in ARCHITECTURES.values()}:
        return None
    start = f"{architecture}."
    keys = {key[len(start) :]: v for key, v in model.metadata.items() if key.startswith(start)}
    widths = of_layers(keys, "feed_forward_length", number(keys, "block_count"), 0)
    if not all(number(keys, name) for name in REQUIRED) or not widths or not max(widths):
        return None
    # Of experts, not all are computed, and nothing of this has been measured.
    return None if number(keys, "expert_count") else keys
