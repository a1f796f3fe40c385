"""A lesson: the chat in which the policy decides, the model words it, and the guard reads along.

The one object that the terminal, its commands and measurements talk to. No terminal in here.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from llmq.chat.pieces import Piece
from llmq.suites import Message


class Speaker(Protocol):
    """Whoever words a reply: a model, or in measurements one that replays what was written."""

    def speak(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Piece]:
        """Yield the reply to `messages` as it comes, safe to print."""
        ...
