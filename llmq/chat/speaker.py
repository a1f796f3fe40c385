"""Whoever words a reply: a model, or in measurements one that replays what was written."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from llmq.chat.pieces import Piece
from llmq.suites import Message


class Speaker(Protocol):
    """What a lesson asks of it."""

    @property
    def n_ctx(self) -> int:
        """The context in tokens."""
        ...

    def count(self, messages: Sequence[Message]) -> int:
        """The tokens of a prompt of these messages."""
        ...

    def speak(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Piece]:
        """Yield the reply to `messages` as it comes, safe to print."""
        ...
