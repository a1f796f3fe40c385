"""What a line of Markdown is, as soon as its beginning says so."""

import re
from dataclasses import dataclass

from llmq.chat.rendering.styles import DIM, HEADING, NO_STYLE, Style

# What may still become a mark: nothing is decided before another character, or the line's end.
UNDECIDED = re.compile(r"[ >]{0,80}(?:#{1,6}|[-+*_ ]{1,80}|`{1,80}|~{1,80}|\d{1,9}[.)]?)? *\Z")
RULE = re.compile(r" {0,3}([-*_])(?: *\1){2,} *\Z")
FENCE = re.compile(r" {0,12}(`{3,}|~{3,})")
HEADING_MARK = re.compile(r" {0,3}#{1,6} +")
QUOTE = re.compile(r" {0,3}> ?")
ITEM = re.compile(r"( *)([-*+]|\d{1,9}[.)]) +")
TABLE = re.compile(r" {0,3}\|")
MOST_QUOTES = 4
BAR: tuple[str, Style] = ("│ ", (DIM,))
Marks = list[tuple[str, Style]]


@dataclass(frozen=True)
class Beginning:
    """A line's marks, what stands before the lines that it wraps into, and its style."""

    size: int  # characters of the marks as they were written
    marks: Marks
    after_wrap: Marks
    style: Style = NO_STYLE


def is_undecided(line: str) -> bool:
    """Whether more of the line is needed to know what it is.

    >>> [is_undecided(line) for line in ("**", "1.", "- ", "1. a", "- a", "**a")]
    [True, True, True, False, False, False]
    """
    return UNDECIDED.match(line) is not None


def beginning(line: str) -> Beginning:
    """How a line of text begins: quoted, a heading, an item of a list, or none of these."""
    size, bars = 0, 0
    while (match := QUOTE.match(line, size)) and bars < MOST_QUOTES:
        size, bars = match.end(), bars + 1
    marks = [BAR] * bars
    if match := HEADING_MARK.match(line, size):
        return Beginning(match.end(), marks, marks, (HEADING,))
    match = ITEM.match(line, size)
    if match is None:
        indent = len(line[size:]) - len(line[size:].lstrip(" "))
        return Beginning(size + indent, [*marks, _blank(indent)], [*marks, _blank(indent)])
    bullet = "•" if match[2] in "-*+" else match[2]
    indent = len(match[1])
    item = (" " * indent + bullet + " ", NO_STYLE)
    return Beginning(match.end(), [*marks, item], [*marks, _blank(len(item[0]))])


def _blank(n: int) -> tuple[str, Style]:
    return " " * n, NO_STYLE
