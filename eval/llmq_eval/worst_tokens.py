"""The tokens at which a file is furthest from its base, in their places, for people to look at.

Only while a token is among the worst so far are its likeliest words looked up, which takes a pass
over the vocabulary: of thousands of tokens some hundred.
"""

import heapq
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from llmq.runtime import Reader
from llmq_eval.comparison import Prediction
from llmq_eval.distribution import Distribution
from llmq_eval.material import Document

MOST = 20  # tokens that are kept
LIKELIEST = 5  # words of each model
BEFORE, AFTER = 300, 100  # characters around a token
AROUND_TOKENS = 150  # that are turned into these characters
Likeliest = tuple[tuple[int, float], ...]  # tokens and their p


@dataclass(frozen=True)
class WorstToken:
    """A token in its place; `position` counts the scored tokens of its document from 0.

    `base_top` and `quant_top` are the likeliest words of both models with their p.
    """

    id: str
    subject: str
    source: str
    position: int
    before: str
    token: str
    after: str
    kl_nats: float
    p_base: float
    p_quant: float
    base_top: tuple[tuple[str, float], ...]
    quant_top: tuple[tuple[str, float], ...]

    def as_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)


@dataclass(frozen=True)
class _Seen:
    document: Document
    passage: int
    index: int
    kl_nats: float
    p_base: float
    p_quant: float
    base_top: Likeliest
    quant_top: Likeliest


class WorstTokens:
    """Those of one file; of equals the earlier stay."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._heap: list[tuple[float, int, _Seen]] = []
        self._n_seen = 0

    def see(
        self,
        document: Document,
        passage: int,
        index: int,
        kl: float,
        p: Prediction,
        q: Distribution,
    ) -> None:
        """Keep the token if it is among the worst."""
        self._n_seen += 1
        full = len(self._heap) == self._most
        if not kl or (full and kl <= self._heap[0][0]):
            return
        token = document.passages[passage].tokens[index]
        chances = p.chance(token), q.chance(token)
        tops = p.likeliest(LIKELIEST), q.likeliest(LIKELIEST)
        entry = (kl, -self._n_seen, _Seen(document, passage, index, kl, *chances, *tops))
        (heapq.heapreplace if full else heapq.heappush)(self._heap, entry)

    def in_words(self, reader: Reader) -> tuple[WorstToken, ...]:
        """The worst first, as texts of the file's tokens."""
        entries = sorted(self._heap, reverse=True)
        return tuple(_in_words(reader, seen) for _, _, seen in entries)


def _in_words(reader: Reader, seen: _Seen) -> WorstToken:
    document, passage = seen.document, seen.document.passages[seen.passage]
    tokens, index = passage.tokens, seen.index
    earlier = sum(len(passage.scored) for passage in document.passages[: seen.passage])
    return WorstToken(
        document.id,
        document.subject,
        document.source,
        earlier + passage.scored.index(index),
        _text(reader, tokens[max(0, index - AROUND_TOKENS) : index])[-BEFORE:],
        _text(reader, tokens[index : index + 1]),
        _text(reader, tokens[index + 1 : index + 1 + AROUND_TOKENS])[:AFTER],
        seen.kl_nats,
        seen.p_base,
        seen.p_quant,
        _named(reader, seen.base_top),
        _named(reader, seen.quant_top),
    )


def _named(reader: Reader, top: Likeliest) -> tuple[tuple[str, float], ...]:
    return tuple((_text(reader, [token]), chance) for token, chance in top)


def _text(reader: Reader, tokens: Sequence[int]) -> str:
    """The text of tokens, control tokens by their names."""
    pieces = (reader.vocabulary.piece(token, special=True) for token in tokens)
    return b"".join(pieces).decode("utf-8", "replace")
