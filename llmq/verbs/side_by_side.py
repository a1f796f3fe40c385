"""Texts beside each other in columns that fit the width, or below each other where it is narrow.

Where a text first differs from the first one, a mark stands. Widths are those of a terminal's
cells, of which a Chinese letter takes two.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile, zip_longest

from rich.cells import set_cell_size
from rich.console import Console
from rich.text import Text

MARK = "»"
GAP = "   "
LEAST = 30  # cells of a column; where they would be narrower, texts stand below each other
INDENT = "  "


def side_by_side(titles: Sequence[str], texts: Sequence[str], width: int) -> Iterator[str]:
    """The texts under their titles as lines of at most `width` cells.

    >>> texts = ["Try it again.", "Try it once more."]
    >>> print(*side_by_side(["a.gguf", "b.gguf"], texts, 66), sep="\\n")
    a.gguf                            b.gguf
    Try it »again.                    Try it »once more.
    >>> print(*side_by_side(["a.gguf", "b.gguf"], ["Yes.", "Yes!"], 30), sep="\\n")
    a.gguf
      »Yes.
    b.gguf
      »Yes!
    """
    n = len(texts)
    column = (width - len(GAP) * (n - 1)) // n
    marked = _marked(texts)
    if n > 2 or column < LEAST:
        for title, text in zip(titles, marked, strict=True):
            yield from wrapped(title, width)
            yield from (INDENT + line for line in wrapped(text, width - len(INDENT)))
        return
    columns = [
        [*wrapped(title, column), *wrapped(text, column)]
        for title, text in zip(titles, marked, strict=True)
    ]
    for row in zip_longest(*columns, fillvalue=""):
        yield GAP.join(set_cell_size(line, column) for line in row).rstrip()


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, broken at words, and within them where one is too long."""
    console = Console(width=width, color_system=None)
    lines = Text(text.expandtabs(4)).wrap(console, width)
    return [line.plain.rstrip() for line in lines]


def _marked(texts: Sequence[str]) -> list[str]:
    """The texts, each with a mark before the word in which it first differs from the first text.

    Of two, both have one; of more, the first has none, as they may differ from it at other words.
    """
    first, *others = texts
    marked = [_with_mark(first, others[0]) if len(others) == 1 else first]
    return marked + [_with_mark(text, first) for text in others]


def _with_mark(text: str, other: str) -> str:
    """
    >>> _with_mark("12 is right.", "12 is wrong.")
    '12 is »right.'
    >>> _with_mark("Yes", "Yes, it is."), _with_mark("Yes", "Yes")
    ('»Yes', 'Yes')
    """
    if text == other:
        return text
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))
    )
    start = same
    while start and not text[start - 1].isspace():
        start -= 1
    return f"{text[:start]}{MARK}{text[start:]}"
