"""What has been said so far, and how much of it the model still sees. No model, no terminal."""

from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, replace
from typing import TypeVar

from llmq.errors import ModelError
from llmq.suites import Message

DEFAULT_SYSTEM = (
    "You are a patient tutor. Ask one short question at a time, give hints instead of answers, "
    "and check each step that the student takes."
)

Encoded = TypeVar("Encoded", bound=Sized)


@dataclass(frozen=True)
class Session:
    """The turns of a chat, oldest first; a system turn, if there is one, stands first."""

    messages: tuple[Message, ...] = ()

    @classmethod
    def begin(cls, system: str = DEFAULT_SYSTEM) -> "Session":
        """A session with this system turn; with none where the text is empty."""
        return cls((Message("system", system),) if system else ())

    def said(self, role: str, text: str) -> "Session":
        """The session after one more turn."""
        return replace(self, messages=(*self.messages, Message(role, text)))

    def fitted(
        self, room: int, encode: Callable[[Sequence[Message]], Encoded]
    ) -> tuple[Encoded, int]:
        """`encode` of the turns without as many of the oldest as must go for its length <= `room`.

        Also how many went. The system turn and the student's last turn always stay, and the first
        turn after the system turn is a student's. Raises ModelError where even those do not fit.
        Units: tokens.
        """
        n_system = 1 if self.messages and self.messages[0].role == "system" else 0
        system, turns = self.messages[:n_system], self.messages[n_system:]
        n_turns = len(turns)
        while len(encoded := encode(system + turns)) > room:
            later = [i for i, m in enumerate(turns) if m.role == "user" and i > 0]
            if not later:
                raise ModelError(
                    f"the system text and your last message need {len(encoded)} tokens, but {room} "
                    "fit beside a reply; shorten them or open the chat with a larger context"
                )
            turns = turns[later[0] :]
        return encoded, n_turns - len(turns)
