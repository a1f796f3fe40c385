"""A lesson at a terminal: what the loop and the commands share."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

from llmq.chat.pieces import Piece
from llmq.chat.terminal.lesson import Lesson
from llmq.chat.terminal.reader import Reader
from llmq.chat.terminal.showing import Screen
from llmq.errors import LlmqError

TOLD_FROM = 0.5  # of the context in use


@dataclass
class Talk:
    """Who talks, where it is shown, who types; `is_over` ends it."""

    lesson: Lesson
    screen: Screen
    reader: Reader
    is_over: bool = False
    use_told: str = ""

    def speak(self, reply: Generator[Piece, None, None]) -> None:
        """Show a reply as it comes; closed at once, so that the lesson is up to date."""
        try:
            with closing(reply), self.reader.speaking():
                self.screen.reply(reply)
        except KeyboardInterrupt:
            self.screen.stopped()
        except LlmqError:
            self.screen.failed()
            raise
        if self.reader.is_person:
            self._tell_use()

    def _tell_use(self) -> None:
        """The meter, once it matters and where it has moved."""
        use = self.lesson.context_use()
        told = f"context {use.used / use.limit:.0%}" if use.used >= TOLD_FROM * use.limit else ""
        if told and told != self.use_told:
            self.screen.remark(told)
        self.use_told = told

    def last(self, role: str) -> str:
        """What one of both said last; empty where that is nothing."""
        return next((t.shown for t in reversed(self.lesson.transcript) if t.role == role), "")
