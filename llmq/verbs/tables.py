"""Tables as plain lines that fit the terminal: headings and prose wrap, numbers never break.

A table that is still too wide goes on below, under its first column again. Where the output is no
terminal, a row is a line however long, as grep and a machine want it; COLUMNS sets a width anyway.
"""

import os
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TextIO

from llmq.errors import printable

GAP = "  "
PROSE = "~"
PROSE_WIDTH = 24  # what prose may be narrowed to
LEAST_WIDTH = 20  # of any terminal; a narrower one wraps lines itself
NAME_WIDTH = 8  # what the first column may be narrowed to; names break anywhere


def terminal_width(stream: TextIO) -> int | None:
    """How many characters fit in a line of `stream`; None where nothing limits it."""
    if not stream.isatty() and not os.environ.get("COLUMNS"):
        return None
    return max(shutil.get_terminal_size().columns, LEAST_WIDTH)


def aligned(
    rows: Sequence[Sequence[str]], alignments: str, width: int | None = None
) -> Iterator[str]:
    """The rows as lines of at most `width` characters; the first row holds the headings.

    `alignments` has one letter per column: `<` for left, `>` for right, `~` for prose, which wraps.

    >>> list(aligned([("file", "size"), ("a.gguf", "5 MB")], "<>"))
    ['file    size', 'a.gguf  5 MB']
    >>> rows = [("file", "mean size", "KL"), ("a.gguf", "5 MB", "0.001")]
    >>> print(*aligned(rows, "<>>", 19), sep="\\n")
            mean
    file    size     KL
    a.gguf  5 MB  0.001
    >>> print(*aligned(rows, "<>>", 12), sep="\\n")
            mean
    file    size
    a.gguf  5 MB
    <BLANKLINE>
    file       KL
    a.gguf  0.001
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    columns = list(zip(*cells, strict=True))
    least = [_least(column, side) for column, side in zip(columns, alignments, strict=True)]
    if width is not None and _total(least) > width:
        least[0] = min(least[0], max(NAME_WIDTH, width - len(GAP) - max(least[1:], default=0)))
    for number, part in enumerate(_parts(least, width)):
        widths = _widths([max(map(len, columns[i])) for i in part], [least[i] for i in part], width)
        sides = [alignments[i] for i in part]
        yield from [""] if number else []
        for index, row in enumerate(cells):
            chosen = [row[i] for i in part]
            if index == 0 or not number or any(chosen[1:]):
                yield from _lines(chosen, sides, widths, foot=index == 0)


def _least(column: Sequence[str], side: str) -> int:
    """The narrowest that a column can be: cells stay whole, headings and prose wrap at words."""
    heading, *cells = column
    words = max(map(len, heading.split()), default=0)
    longest = max(map(len, cells), default=0)
    return max(words, min(longest, PROSE_WIDTH) if side == PROSE else longest)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _parts(least: Sequence[int], width: int | None) -> list[list[int]]:
    """Which columns stand side by side: as many as fit, the first in every part."""
    parts, part = [], [0]
    for column in range(1, len(least)):
        if width is not None and part[1:] and _total([least[i] for i in (*part, column)]) > width:
            parts.append(part)
            part = [0]
        part = [*part, column]
    return [*parts, part]


def _widths(natural: list[int], least: list[int], width: int | None) -> list[int]:
    """The widths of columns side by side: the widest that can is narrowed until all fit."""
    widths = [max(pair) for pair in zip(natural, least, strict=True)]
    while width is not None and _total(widths) > width:
        able = [i for i, wide in enumerate(widths) if wide > least[i]]
        if not able:
            break
        widths[max(able, key=widths.__getitem__)] -= 1
    return widths


def _lines(
    row: Sequence[str], sides: Sequence[str], widths: Sequence[int], *, foot: bool
) -> Iterator[str]:
    """One row as lines; with `foot`, a shorter cell stands at the foot of the row."""
    wrapped = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    height = max(map(len, wrapped), default=0) or 1
    if foot:
        wrapped = [[""] * (height - len(cell)) + cell for cell in wrapped]
    for line in zip_longest(*wrapped, fillvalue=""):
        columns = zip(line, sides, widths, strict=True)
        yield GAP.join(
            f"{text:{'>' if side == '>' else '<'}{width}}" for text, side, width in columns
        ).rstrip()


def _wrapped(cell: str, width: int) -> list[str]:
    return [cell] if len(cell) <= width else textwrap.wrap(cell, width, break_on_hyphens=False)


def wrapped(text: str, width: int | None) -> list[str]:
    """A sentence as lines of at most `width` characters; those after the first are indented."""
    if width is None or len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)


def shown(size: int) -> str:
    """A size in bytes with a decimal unit: `532 B`, `18.4 kB`, `1.2 GB`."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError
