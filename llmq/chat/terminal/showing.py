"""What is shown: the conversation on standard output, remarks of the program on standard error."""

import os
import shutil
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from llmq.chat.pieces import Kind, Piece
from llmq.chat.sanitize import sanitized
from llmq.chat.terminal.lesson import Table
from llmq.chat.terminal.speech import UNLIMITED, Sentences, Speech
from llmq.chat.terminal.tables import drawn

STUDENT, TUTOR = "you> ", "tutor> "
THINKING = "thinking ..."
STOPPED = " ..."
DIM, BOLD, OFF = "\x1b[2m", "\x1b[1m", "\x1b[0m"
LEAST_WIDTH = 20
TABLE_WIDTH = 100  # where nobody says how wide a line may be


@dataclass
class Screen:
    """Where a chat is shown.

    `styled`: with styles; `wraps`: words wrap at the terminal's width; `by_sentence`: sentences are
    written whole, each a line; `answers_aside`: answers to commands go to standard error, so that
    standard output is the conversation alone.
    """

    styled: bool = False
    wraps: bool = False
    by_sentence: bool = False
    answers_aside: bool = False

    def __post_init__(self) -> None:
        self._begin()

    @property
    def width(self) -> int:
        """Columns of a line; a terminal's last stays free, as some wrap when it is written."""
        return max(shutil.get_terminal_size().columns - 1, LEAST_WIDTH)

    def reply(self, pieces: Iterable[Piece]) -> None:
        """Print who speaks at once, speech as it comes, and the program's remarks below.

        Where it is interrupted, `stopped` ends the line.
        """
        print(self._style(TUTOR, BOLD), end="", flush=True)
        self._begin()
        remarks: list[str] = []
        for kind, some in groupby(pieces, key=attrgetter("kind")):
            if kind is Kind.THOUGHT:
                self._thinking()
                deque(some, maxlen=0)
            elif kind is Kind.REMARK:
                remarks.extend(piece.text for piece in some)
            else:
                for piece in some:
                    self._append(self._speech.feed(piece.text))
        self._end()
        for remark in remarks:
            self.remark(remark)

    def stopped(self) -> None:
        """End a reply that the student has stopped."""
        self._end(STOPPED)

    def failed(self) -> None:
        """End a reply that an error has stopped."""
        self._end()

    def _begin(self) -> None:
        width = self.width if self.wraps else UNLIMITED
        self._speech = Speech(width, styled=self.styled, at=len(TUTOR))
        self._sentences = Sentences() if self.by_sentence else None

    def _append(self, text: str) -> None:
        print(self._sentences.feed(text) if self._sentences else text, end="", flush=True)

    def _end(self, mark: str = "") -> None:
        self._append(self._speech.finish())
        print((self._sentences.finish() if self._sentences else "") + mark, flush=True)
        self._begin()

    def _thinking(self) -> None:
        """Said once, however many thoughts there are; on a terminal the speech follows below."""
        print(self._style(THINKING, DIM), file=sys.stderr, flush=True)
        if sys.stdout.isatty():
            print(" " * len(TUTOR), end="", flush=True)

    def remark(self, text: str) -> None:
        """A remark of the program; sanitized, for names of files come from strangers too."""
        shown = self._style(self._wrapped(sanitized(text)), DIM)
        print(shown, file=sys.stderr, flush=True)

    def tell(self, text: str) -> None:
        """What a command answers; sanitized, for it may be a thought or a question of a course."""
        self._answer(self._wrapped(sanitized(text)))

    def table(self, rows: Table) -> None:
        """The same, as a table."""
        width = self.width if self.wraps else TABLE_WIDTH
        self._answer(drawn(rows, width=width, styled=self.styled))

    def said(self, role: str, text: str) -> None:
        """A turn of before."""
        if role == "assistant":
            self.reply([Piece(Kind.SPEECH, sanitized(text))])
        else:
            print(f"{STUDENT}{sanitized(text)}", flush=True)

    def _answer(self, text: str) -> None:
        print(text, file=sys.stderr if self.answers_aside else sys.stdout, flush=True)

    def _wrapped(self, text: str) -> str:
        """Lines wrapped at the width, as they are otherwise."""
        if not self.wraps:
            return text
        from llmq.chat.rendering.wrapping import Wrapper

        wrapper = Wrapper(self.width, styled=False)
        lines = [wrapper.feed(line) + wrapper.newline() for line in text.split("\n")]
        return "".join(lines)[:-1]

    def _style(self, text: str, style: str) -> str:
        return f"{style}{text}{OFF}" if self.styled else text


def is_terminal() -> bool:
    """Whether a person sees and types, on something that understands control sequences."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
