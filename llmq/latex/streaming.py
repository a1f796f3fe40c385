r"""Formulas in text that streams in, replaced as soon as they are whole.

What comes out is the same however the text was cut. Only what is inside an open formula is held
back, and never more than MOST_HELD characters. Dollars are money unless they can be nothing else:
a formula's first dollar has no space after it, its last none before it and no digit after it (the
rule of Pandoc's tex_math_dollars), both stand in one line, and no plain words stand between them.
Code is left as it is.
"""

import re
from collections.abc import Callable

from llmq.latex.block import block
from llmq.latex.flat import flat
from llmq.latex.stray import command_end, is_known

MOST_HELD = 600
PROSE = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,},? +[A-Za-z]{2,}(?=[ ,.!?;:$])")
MONEY = re.compile(
    r"\$\d[\d.,]*(?:[,;:]?\s+(?:[A-Za-z] )?[A-Za-z]{2,}(?=[\s,.;:!?)])|(?<=[.!?])\s)"
)
POWER = re.compile(r"\^(?:\{[^{}\n]{1,20}\}|\\circ(?![A-Za-z]))")
SPECIAL = re.compile(r"[\\$`~\n^]")
DOLLAR = re.compile(r"(?<!\\)\$")
CLOSING = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
ENVIRONMENT = re.compile(r"\\begin\{([A-Za-z]{1,20}\*?)\}")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


class MathText:
    r"""Takes text piece by piece and gives it back with its formulas as Unicode.

    >>> math = MathText()
    >>> [math.feed(piece) for piece in (r"$5 for \(\fra", r"c{1}{2}x\), or $x^", "2$", "!")]
    ['$5 for ', '(1/2)x, or ', '', 'x²!']
    """

    def __init__(self) -> None:
        self._held = ""
        self._line = ""  # the line so far, as it came in; its beginning says whether it is a fence
        self._code = ""  # the backticks that close what is open
        self._is_after_block = False
        self._is_final = False

    def feed(self, text: str) -> str:
        """What `text` completes."""
        self._held += text
        return "".join(iter(self._step, None))

    def finish(self) -> str:
        """What was held back, shown as well as it can be."""
        self._is_final = True
        return "".join(iter(self._step, None))

    def _step(self) -> str | None:
        """The next text to show, None where more has to come first."""
        if not self._held:
            return None
        if self._is_after_block and self._held[0] != "\n":
            self._is_after_block = self._held[0] == " "
            return self._passed(1, "") if self._is_after_block else "\n"
        self._is_after_block = False
        if self._code:
            return self._in_code()
        match = SPECIAL.search(self._held)
        if match is None:
            return self._passed(len(self._held))
        if match.start():
            return self._passed(match.start())
        return _STEPS[self._held[0]](self)

    def _passed(self, n: int, shown: str | None = None) -> str:
        """The next `n` characters are gone past, and shown as they are or as something else."""
        text, self._held = self._held[:n], self._held[n:]
        self._line = (self._line + text).rpartition("\n")[2][-80:]
        return text if shown is None else shown

    def _is_cut(self, n: int) -> bool:
        """Whether more may come that changes what is decided by the next `n` characters."""
        return not self._is_final and len(self._held) <= min(n, MOST_HELD)

    def _in_code(self) -> str | None:
        """Code up to the backticks that end it, or, in a line, to the line's end."""
        if len(self._code) >= 3:
            line, newline, _ = self._held.partition("\n")
            if newline or self._is_final:
                is_end = (self._line + line).strip(" ").startswith(self._code)
                self._code = "" if is_end else self._code
            return self._passed(len(line) + len(newline))
        if self._held[0] == "\n":
            self._code = ""
            return self._passed(1)
        if self._held[0] != "`":
            return self._passed(re.match(r"[^`\n]+", self._held).end())  # type: ignore[union-attr]
        run = len(self._held) - len(self._held.lstrip("`"))
        if self._is_cut(run):
            return None
        self._code = "" if run == len(self._code) else self._code
        return self._passed(run)

    def _marks(self) -> str | None:
        """Backticks or tildes: a fence at a line's beginning, else code in the line."""
        sign = self._held[0]
        run = len(self._held) - len(self._held.lstrip(sign))
        if self._is_cut(run):
            return None
        at_start = not self._line.strip(" >")
        if run >= 3 and at_start:
            self._code = sign * 3
            return self._fence_line(run)
        self._code = sign * run if sign == "`" and run < 3 else ""
        return self._passed(run)

    def _fence_line(self, run: int) -> str:
        shown = self._passed(run)
        self._line = "-"  # what follows in this line does not end the code
        return shown

    def _newline(self) -> str:
        return self._passed(1)

    def _dollar(self) -> str | None:
        if self._is_cut(1):
            return None
        if self._held.startswith("$$"):
            if self._is_cut(2):
                return None
            return self._passed(3) if self._held[2:3] == "$" else self._enclosed("$$")
        window = self._held[:MOST_HELD]
        line, newline, _ = window.partition("\n")
        is_whole = bool(newline) or self._is_final or len(self._held) >= MOST_HELD
        if self._held[1:2].isspace():
            return self._passed(1)
        end = _closing_dollar(line, is_whole=is_whole)
        if end:
            return self._passed(end + 1, flat(line[1:end]))
        if end is None:
            return None
        return self._passed(1)

    def _backslash(self) -> str | None:
        if self._is_cut(1):
            return None
        two = self._held[:2]
        if two in CLOSING:
            return self._enclosed(two)
        if not two[1:].isalpha() or not two.isascii():
            return self._passed(2, "$" if two == "\\$" else None)
        if self._held.startswith("\\begin{"[: len(self._held)]):
            return self._environment()
        return self._stray()

    def _power(self) -> str | None:
        """A power with braces, or degrees: outside of formulas too they are LaTeX."""
        match = POWER.match(self._held)
        if match is None or match.end() == len(self._held):
            is_open = self._held[1:2] in ("", "{", "\\")
            if is_open and self._is_cut(23):
                return None
        return self._passed(1) if match is None else self._passed(match.end(), flat(match[0]))

    def _environment(self) -> str | None:
        match = ENVIRONMENT.match(self._held)
        if match is None:
            return None if self._is_cut(30) else self._passed(6, "")
        return self._enclosed(match[0], f"\\end{{{match[1]}}}", whole=True)

    def _enclosed(self, opening: str, closing: str = "", *, whole: bool = False) -> str | None:
        """A formula between marks; one that is not closed ends with what may be held."""
        closing = closing or CLOSING[opening]
        window = self._held[:MOST_HELD]
        end = window.find(closing, len(opening))
        if end < 0 and not self._is_final and len(self._held) < MOST_HELD:
            return None
        stop = end + len(closing) if end >= 0 else len(window)
        inside = window[:stop] if whole else window[len(opening) : end if end >= 0 else stop]
        if opening == "\\(":
            return self._passed(stop, flat(inside))
        shown = _display(inside, self._line)
        self._is_after_block = "\n" in shown
        return self._passed(stop, shown)

    def _stray(self) -> str | None:
        """A command outside of formulas: known ones are shown as in one, others are text."""
        window = self._held[:MOST_HELD]
        end = command_end(window)
        is_whole = self._is_final or len(self._held) >= MOST_HELD
        if end is None and not is_whole:
            return None
        end = len(window) if end is None else end
        command = window[:end]
        return self._passed(end, flat(command) if is_known(command) else None)


def _display(latex: str, before: str) -> str:
    """A formula on lines of its own; in a line of text it stays in it if one line holds it."""
    lines = block(latex)
    if len(lines) == 1:
        return lines[0]
    return ("\n" if before.strip() else "") + "\n".join(lines)


def _closing_dollar(line: str, *, is_whole: bool) -> int | None:
    """Where the formula that opens `line` is closed: None where that is not seen yet, 0 never."""
    match = DOLLAR.search(line, 1)
    if match is None:
        return 0 if is_whole or _is_prose(line) else None
    at = match.start()
    if at + 1 == len(line) and not is_whole:
        return 0 if _is_prose(line) else None
    is_closing = not line[at - 1].isspace() and not line[at + 1 : at + 2].isdigit()
    return at if is_closing and not _is_prose(line[: at + 1]) else 0


def _is_prose(text: str) -> bool:
    """Whether plain words stand in what may be a formula, or after a sum of money."""
    without_braces = re.sub(r"\{[^{}]*\}?", "{}", text)
    return bool(PROSE.search(without_braces) or MONEY.match(text))


_STEPS: dict[str, Callable[[MathText], str | None]] = {
    "\\": MathText._backslash, "$": MathText._dollar, "`": MathText._marks, "~": MathText._marks,
    "^": MathText._power, "\n": MathText._newline,
}  # fmt: skip
