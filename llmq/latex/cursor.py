"""Where in its tokens a formula is read, how deep, and which tokens end what is open."""

from collections.abc import Iterator
from contextlib import contextmanager

from llmq.latex.tokens import tokens_of

MOST_DEPTH = 40
CELL_ENDS = frozenset({"&", "\\\\", "\\cr", "\\end"})


class TooDeepError(Exception):
    """A formula is nested deeper than any that is written for people."""


class Cursor:
    """The tokens still to come."""

    def __init__(self, latex: str) -> None:
        self._tokens = tokens_of(latex)
        self._at = 0
        self._ends: list[frozenset[str]] = []

    @property
    def next(self) -> str:
        """The next token, "" at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        """The next token, gone past."""
        token = self.next
        self._at += 1
        return token

    def take_digit(self) -> str:
        """The first digit of a number that comes next, as TeX takes it for an argument."""
        number = self.next
        if len(number) > 1:
            self._tokens[self._at] = number[1:]
            return number[0]
        return self.take()

    def skip_spaces(self) -> str:
        """The next token that is no white space."""
        while self.next.isspace():
            self._at += 1
        return self.next

    def past_spaces(self) -> str:
        """The next token that is no white space; what is before it stays."""
        at = self._at
        while at < len(self._tokens) and self._tokens[at].isspace():
            at += 1
        return self._tokens[at] if at < len(self._tokens) else ""

    @contextmanager
    def until(self, ends: frozenset[str]) -> Iterator[None]:
        """What is read inside ends with one of these tokens. Raises TooDeepError."""
        if len(self._ends) >= MOST_DEPTH:
            raise TooDeepError
        self._ends.append(ends)
        yield
        self._ends.pop()

    def is_ended(self) -> bool:
        """Whether the next token ends what is open here or further out."""
        return not self.next or any(self.next in ends for ends in self._ends)

    def raw(self) -> str:
        """An argument as it was written, without its braces."""
        if self.skip_spaces() != "{":
            return self.take()
        self.take()
        found, depth = [], 1
        while self.next:
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token, 0)
            if not depth:
                break
            found.append(token)
        return "".join(found)
