"""Markdown as it streams in, line by line and word by word.

A line is decided by its beginning; within it, emphasis, code and links wait for their end
(`llmq.chat.rendering.spans`), and words for theirs (`llmq.chat.rendering.wrapping`). The lines of a
table wait for all of it. Nothing else is held back.
"""

from llmq.chat.rendering.lines import FENCE, RULE, TABLE, beginning, is_undecided
from llmq.chat.rendering.spans import next_step
from llmq.chat.rendering.styles import CODE, DIM, NO_STYLE, Style
from llmq.chat.rendering.tables import MOST_CHARACTERS, MOST_LINES, table_lines
from llmq.chat.rendering.wrapping import Wrapper


class Renderer:
    """Takes text and gives back what to append to the terminal, whose line is filled up to `at`.

    >>> renderer = Renderer(20, styled=False)
    >>> shown = [renderer.feed(piece) for piece in ("Try **th", "is** f", "irst: - 3", "x")]
    >>> "".join(shown) + renderer.finish()
    'Try this first: - 3x'
    """

    def __init__(self, width: int, *, styled: bool, at: int = 0) -> None:
        self._width = max(width, 2)
        self._styled = styled
        self._wrapper = Wrapper(width, styled=styled, at=at)
        self._held = ""  # of the line, what is not decided yet
        self._is_begun = False  # whether the line's beginning is decided
        self._before = ""  # the character before what is held
        self._style: Style = NO_STYLE
        self._fence = ""  # what ends the block of code that is open
        self._table: list[str] = []
        self._n_empty = 0

    def feed(self, text: str) -> str:
        """What to append for `text`."""
        first, *others = text.replace("\r", "").split("\n")
        found = [self._more(first)]
        for part in others:
            found += [self._end_line(), self._more(part)]
        return "".join(found)

    def finish(self) -> str:
        """What was held back; no newline is added."""
        found = []
        if self._held or self._is_begun:
            found.append(self._end_line(is_last=True))
        found.append(self._end_table(is_last=True))
        return "".join(found)

    def _more(self, text: str) -> str:
        self._held += text
        if not self._held:
            return ""
        if self._fence:
            return self._more_code()
        if not self._is_begun:
            if is_undecided(self._held) or TABLE.match(self._held) or FENCE.match(self._held):
                return ""
            return self._begin() + self._spans(is_whole=False)
        return self._spans(is_whole=False)

    def _begin(self) -> str:
        """The beginning of a line of text; a table before it is at its end."""
        table = self._end_table()
        found = beginning(self._held)
        self._held = self._held[found.size :]
        self._style, self._before, self._is_begun = found.style, "", True
        self._n_empty = 0
        return table + self._wrapper.begin(found.marks, found.after_wrap)

    def _spans(self, *, is_whole: bool) -> str:
        """What is decided of the line's text."""
        found = []
        while self._held:
            step = next_step(
                self._held, self._before, self._style, is_whole=is_whole, styled=self._styled
            )
            if step is None:
                break
            n, shown = step
            found += [self._wrapper.feed(text, style) for text, style in shown]
            self._before, self._held = self._held[n - 1], self._held[n:]
        return "".join(found)

    def _end_line(self, *, is_last: bool = False) -> str:
        """The rest of a line, and its newline unless it is the last."""
        if self._fence or (not self._is_begun and FENCE.match(self._held)):
            return self._end_table() + self._code_line(is_last=is_last)
        if not self._is_begun and TABLE.match(self._held):
            return self._table_line()
        if not self._is_begun and not self._held.strip():
            return self._empty_line()
        found = "" if self._is_begun else self._rule() or self._begin()
        found += self._spans(is_whole=True)
        return found + self._close(is_last=is_last)

    def _close(self, *, is_last: bool) -> str:
        self._held, self._is_begun, self._style = "", False, NO_STYLE
        return self._wrapper.finish() if is_last else self._wrapper.newline()

    def _empty_line(self) -> str:
        """One empty line stays, others beside it go."""
        found = self._end_table()
        self._held = ""
        self._n_empty += 1
        return found + (self._wrapper.newline() if self._n_empty == 1 else "")

    def _rule(self) -> str:
        """A line across, where the whole line says so."""
        if not RULE.match(self._held):
            return ""
        self._held = ""
        self._n_empty = 0
        return self._end_table() + self._wrapper.feed("─" * (self._width // 2), (DIM,))

    def _more_code(self) -> str:
        """Code as it comes; a line that may be the fence's end waits."""
        if not self._is_begun:
            begun = self._held.strip(" ")
            if self._fence.startswith(begun[: len(self._fence)]):
                return ""
            self._is_begun = True
        text, self._held = self._held, ""
        return self._wrapper.feed(text, (CODE,))

    def _code_line(self, *, is_last: bool) -> str:
        """A line of code, or of the marks around it."""
        marks = FENCE.match(self._held) if not self._is_begun else None
        style: Style = (CODE,)
        if not self._fence and marks:
            self._fence, style = marks[1][:3], (DIM,)
        elif marks and self._held.strip(" ").strip(self._fence[0]) == "":
            self._fence, style = "", (DIM,)
        self._n_empty = 0
        found = self._wrapper.feed(self._held, style)
        return found + self._close(is_last=is_last)

    def _table_line(self) -> str:
        self._table.append(self._held)
        self._held = ""
        is_long = sum(map(len, self._table)) > MOST_CHARACTERS
        return self._end_table() if is_long or len(self._table) >= MOST_LINES else ""

    def _end_table(self, *, is_last: bool = False) -> str:
        """The table so far, drawn; as text where it is none or does not fit."""
        lines, self._table = self._table, []
        if not lines:
            return ""
        self._n_empty = 0
        drawn = table_lines(lines, self._width, styled=self._styled)
        if drawn is not None:
            return "\n".join(drawn) + ("" if is_last else "\n")
        held, found = self._held, []
        for n, line in enumerate(lines):
            found.append(self._wrapper.begin([], []))
            self._held, self._before = line, ""
            found.append(self._spans(is_whole=True))
            found.append(self._close(is_last=is_last and n == len(lines) - 1))
        self._held = held
        return "".join(found)
