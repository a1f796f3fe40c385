"""What was said in a lesson: as it was shown, and as the model was told it."""

from collections.abc import Iterable
from dataclasses import dataclass

from llmq.suites import Message


@dataclass(frozen=True)
class Turn:
    """One turn. `shown` is what was typed or printed; `sent`, where it differs, what a model reads.

    `kind` is the policy's word for the student's turn, `level` how much could be given away.
    """

    role: str
    shown: str
    sent: str = ""
    kind: str = ""
    level: int = 0

    @property
    def message(self) -> Message:
        """As it stands in a prompt, the same in every later turn, so that it is read once."""
        return Message(self.role, self.sent or self.shown)


def told(turns: Iterable[Turn], role: str) -> list[str]:
    """What one of both has said."""
    return [turn.shown for turn in turns if turn.role == role]
