"""Commands that stand in text without marks around them: where one ends, and which are known."""

import re

from llmq.latex.commands import SPECIAL
from llmq.latex.symbols import AS_TEXT, AS_THEY_ARE, COMMANDS, MARKS, WITHOUT_SHOW

NAME = re.compile(r"\\([A-Za-z]+)\*?")
TWO = frozenset({"overset", "stackrel", "underset", "textcolor", "colorbox", "href"})
NONE = frozenset({"\\", "newline", "cr", "left", "right", "not"})
# Words of paths and of programs: "C:\in\to" is no mathematics.
WITHIN_A_WORD = frozenset(
    {"in", "to", "it", "rm", "bf", "S", "N", "R", "Z", "Q", "mod", "top", "bot"}
)


def is_known(command: str) -> bool:
    r"""Whether a command is one of LaTeX that is read here.

    >>> is_known(r"\frac{1}{2}"), is_known(r"\Users")
    (True, False)
    """
    match = NAME.match(command)
    name = match[1] if match else ""
    tables = (COMMANDS, SPECIAL, MARKS, AS_TEXT, AS_THEY_ARE, WITHOUT_SHOW)
    return name not in WITHIN_A_WORD and any(name in table for table in tables)


def command_end(text: str) -> int | None:
    r"""Where the command that begins `text` ends with its arguments; None: not in this text.

    >>> command_end(r"\sqrt{x} is"), command_end(r"\times 3"), command_end(r"\frac{1}{")
    (8, 6, None)
    """
    match = NAME.match(text)
    if match is None or match.end() == len(text):
        return None
    name = match[1]
    end: int | None = match.end()
    if not is_known(match[0]):
        return end
    if name in ("left", "right"):
        end = match.end() + (2 if text[match.end()] == "\\" else 1)
        return end if end < len(text) else None
    n_arguments = _n_arguments(name)
    if name == "sqrt" and text[match.end()] == "[":
        end = _closed(text, match.end(), "[", "]")
    for _ in range(n_arguments):
        end = _argument(text, end) if end else end
    if not n_arguments or end is None:
        return end
    return _scripts(text, end)


def _n_arguments(name: str) -> int:
    if name in COMMANDS or name in NONE:
        return 0
    if name in WITHOUT_SHOW:
        return WITHOUT_SHOW[name]
    return 2 if name in TWO or "frac" in name or "binom" in name else 1


def _argument(text: str, at: int) -> int | None:
    """Where an argument ends: braces, or one letter or digit; nothing else is one here."""
    if at >= len(text):
        return None
    if text[at] == "{":
        return _closed(text, at, "{", "}")
    return at + 1 if text[at].isalnum() else at


def _scripts(text: str, end: int) -> int | None:
    """Past the powers and indices of what ends here."""
    while end < len(text) and text[end] in "^_":
        after = _argument(text, end + 1)
        if after is None or after == end + 1:
            return None if after is None else end
        end = after
    return end if end < len(text) else None


def _closed(text: str, at: int, opening: str, closing: str) -> int | None:
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if not depth:
            return place + 1
    return None
