"""What commands stand for, where a sign alone does not say it."""

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from llmq.latex.cursor import CELL_ENDS
from llmq.latex.nodes import (
    Atom,
    Boxed,
    Choice,
    Fence,
    Fraction,
    Grid,
    Kind,
    Marked,
    Node,
    Root,
    Row,
    Script,
)
from llmq.latex.scripts import raised
from llmq.latex.symbols import AS_TEXT, AS_THEY_ARE, COMMANDS, DOUBLE_STRUCK, MARKS, WITHOUT_SHOW
from llmq.latex.tokens import stripped

if TYPE_CHECKING:
    from llmq.latex.reading import Reader

WITH_COLUMNS = ("array", "tabular", "alignat", "alignedat")


def nodes_of(name: str, reader: "Reader") -> list[Node]:
    """The nodes of a command whose name has been read; an unknown one is its name."""
    if name.isspace():
        return [Atom(" ", Kind.SPACE)]
    if name in COMMANDS:
        atom = COMMANDS[name]
        return reader.bracketed(atom.text) if atom.kind is Kind.OPEN else [atom]
    if name in SPECIAL:
        return SPECIAL[name](reader)
    if name in MARKS:
        return [Marked(reader.argument(whole=True), *MARKS[name])]
    if name in AS_TEXT:
        text = text_of(reader.cursor.raw())
        return [Atom(text, Kind.LETTER if len(text) == 1 and text.isalpha() else Kind.TEXT)]
    if name in AS_THEY_ARE:
        return [*reader.argument(whole=True).items]
    for _ in range(WITHOUT_SHOW.get(name, 0)):
        reader.cursor.raw()
    is_shown = name and name not in WITHOUT_SHOW
    return [Atom(name, Kind.TEXT)] if is_shown else []


def text_of(raw: str) -> str:
    r"""What stands in \text{...}: words, in which a power or a sign may be written.

    >>> text_of("cm^2 per day"), text_of(r"50\% of")
    ('cm² per day', '50% of')
    """
    text = re.sub(r"\^\{?(-?\d+)\}?", lambda match: raised(match[1]) or match[1], raw)
    if "\\" in text or "{" in text:
        edge = " " if text[:1].isspace() else "", " " if text[-1:].isspace() else ""
        text = f"{edge[0]}{stripped(text)}{edge[1]}"
    return " ".join(text.replace("$", "").split("\n"))


def _fraction(reader: "Reader") -> list[Node]:
    return [Fraction(reader.argument(), reader.argument())]


def _choice(reader: "Reader") -> list[Node]:
    return [Choice(reader.argument(), reader.argument())]


def _root(reader: "Reader") -> list[Node]:
    index = None
    if reader.cursor.skip_spaces() == "[":
        reader.cursor.take()
        index = reader.row(frozenset("]"))
        if reader.cursor.next == "]":
            reader.cursor.take()
    return [Root(reader.argument(whole=True), index)]


def _fence(reader: "Reader") -> list[Node]:
    left = reader.delimiter()
    inside = reader.row(frozenset({"\\right"}))
    if reader.cursor.next != "\\right":
        return [Fence(left, inside, "")]
    reader.cursor.take()
    return [Fence(left, inside, reader.delimiter())]


def _stray_right(reader: "Reader") -> list[Node]:
    return [Atom(reader.delimiter(), Kind.CLOSE)]


def _boxed(reader: "Reader") -> list[Node]:
    return [Boxed(reader.argument(whole=True))]


def _named(reader: "Reader") -> list[Node]:
    return [Atom(text_of(reader.cursor.raw()), Kind.FUNCTION)]


def _double_struck(reader: "Reader") -> list[Node]:
    letters = reader.cursor.raw()
    return [Atom(DOUBLE_STRUCK.get(c, c), Kind.LETTER) for c in letters if c.isalnum()]


def _over(reader: "Reader") -> list[Node]:
    above, base = reader.argument(), reader.argument()
    return [Script(base, None, above)]


def _under(reader: "Reader") -> list[Node]:
    below, base = reader.argument(), reader.argument()
    return [Script(base, below, None)]


def _negated(reader: "Reader") -> list[Node]:
    first, *others = reader.argument().items or (None,)
    if not isinstance(first, Atom):
        return [node for node in (first, *others) if node]
    return [Atom(unicodedata.normalize("NFC", first.text + "\u0338"), first.kind), *others]


def _modulo(reader: "Reader") -> list[Node]:
    inside = Row((Atom("mod", Kind.FUNCTION), *reader.argument(whole=True).items))
    return [Atom(" ", Kind.SPACE), Fence("(", inside, ")")]


def _tag(reader: "Reader") -> list[Node]:
    return [Atom(f" ({text_of(reader.cursor.raw())})", Kind.TEXT)]


def _coloured(reader: "Reader") -> list[Node]:
    reader.cursor.raw()
    return [*reader.argument().items]


def _stacked(reader: "Reader") -> list[Node]:
    if reader.cursor.skip_spaces() != "{":
        return []
    reader.cursor.take()
    return [Grid("substack", _rows(reader, "}"))]


def _environment(reader: "Reader") -> list[Node]:
    name = reader.cursor.raw().removesuffix("*")
    if name in WITH_COLUMNS and reader.cursor.skip_spaces() == "{":
        reader.cursor.raw()
    rows = _rows(reader, "\\end")
    if reader.cursor.next == "\\end":
        reader.cursor.take()
        reader.cursor.raw()
    return [Grid(name, rows)]


def _rows(reader: "Reader", end: str) -> tuple[tuple[Row, ...], ...]:
    """Rows of cells up to `end`, without empty rows; a brace is gone past."""
    rows: list[list[Row]] = [[]]
    with reader.cursor.until(frozenset({end})):
        while True:
            rows[-1].append(reader.row(CELL_ENDS))
            token = reader.cursor.next
            if token not in ("&", "\\\\", "\\cr"):
                break
            reader.cursor.take()
            if token != "&":
                rows.append([])
    if end == "}" and reader.cursor.next == "}":
        reader.cursor.take()
    return tuple(tuple(row) for row in rows if any(cell.items for cell in row))


def _new_line(reader: "Reader") -> list[Node]:
    reader.cursor.skip_spaces()
    return [Atom(";", Kind.PUNCTUATION)]


def _stray_end(reader: "Reader") -> list[Node]:
    reader.cursor.raw()
    return []


SPECIAL: dict[str, Callable[["Reader"], list[Node]]] = {
    "frac": _fraction, "dfrac": _fraction, "tfrac": _fraction, "cfrac": _fraction,
    "nicefrac": _fraction, "sfrac": _fraction, "binom": _choice, "dbinom": _choice,
    "tbinom": _choice, "sqrt": _root, "left": _fence, "right": _stray_right, "boxed": _boxed,
    "fbox": _boxed, "framebox": _boxed, "operatorname": _named, "mathbb": _double_struck,
    "overset": _over, "stackrel": _over, "underset": _under, "not": _negated, "pmod": _modulo,
    "textcolor": _coloured, "colorbox": _coloured, "href": _coloured, "substack": _stacked,
    "begin": _environment, "end": _stray_end, "\\": _new_line, "newline": _new_line,
    "cr": _new_line, "tag": _tag,
}  # fmt: skip
