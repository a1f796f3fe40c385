"""How far a node reaches once it is written in one line, and what stands beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

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


class Shape(Enum):
    """What parentheses a row would need."""

    SINGLE = auto()  # none
    PRODUCT = auto()  # as a denominator
    LOOSE = auto()  # wherever something binds to it


OPERANDS = (Kind.NUMBER, Kind.LETTER, Kind.AFTER, Kind.TEXT)
LOOSE = (
    Kind.RELATION, Kind.PUNCTUATION, Kind.FUNCTION, Kind.LARGE, Kind.BAR, Kind.OPEN, Kind.CLOSE,
)  # fmt: skip
DIVIDING = ("÷", "/", ":")


def shape(row: Row) -> Shape:
    """How firmly the flat form of a row holds together."""
    items = [item for item in row.items if not is_kind(item, Kind.SPACE)]
    while len(items) > 1 and is_kind(items[-1], Kind.AFTER):
        items.pop()
    if len(items) == 1:
        return _single(items[0])
    factors = (item for item in items if not (isinstance(item, Atom) and item.text in "·×"))
    first = items[0] if items else None
    if first is None or is_kind(first, Kind.SIGN) or any(map(_is_loose, factors)):
        return Shape.LOOSE
    return Shape.PRODUCT


def _single(node: Node) -> Shape:
    match node:
        case Atom():
            is_single = node.kind in OPERANDS
        case Row() | Boxed():
            return shape(node if isinstance(node, Row) else node.inside)
        case Fence():
            is_single = bool(node.left and node.right)
        case Script():
            is_single = not (isinstance(node.base, Atom) and node.base.kind in LOOSE)
        case _:
            is_single = isinstance(node, Root | Marked | Choice)
    return Shape.SINGLE if is_single else Shape.LOOSE


def _is_loose(node: Node) -> bool:
    """What cannot stand in a product that is divided."""
    if isinstance(node, Atom):
        return node.kind is Kind.SIGN or node.kind in LOOSE
    if isinstance(node, Script):
        return _is_loose(node.base)
    return isinstance(node, Grid)


def is_kind(node: Node | None, *kinds: Kind) -> bool:
    """Whether a node is an atom of one of these kinds."""
    return isinstance(node, Atom) and node.kind in kinds


@dataclass(frozen=True)
class Beside:
    """What a node has on both sides, spaces aside."""

    before: Node | None = None
    after: Node | None = None
    in_bars: bool = False  # an odd number of bars stands before it

    @staticmethod
    def of(row: Row) -> "Iterator[tuple[Node, Beside]]":
        """Every node of a row with what is beside it."""
        shown = [at for at, item in enumerate(row.items) if not is_kind(item, Kind.SPACE)]
        place = {at: n for n, at in enumerate(shown)}
        n_bars = 0
        for at, item in enumerate(row.items):
            n = place.get(at)
            before = row.items[shown[n - 1]] if n else None
            after = row.items[shown[n + 1]] if n is not None and n + 1 < len(shown) else None
            yield item, Beside(before, after, n_bars % 2 == 1)
            n_bars += is_kind(item, Kind.BAR)

    @property
    def follows(self) -> bool:
        """Whether what stands before is multiplied with this."""
        if is_kind(self.before, Kind.BAR):
            return not self.in_bars
        return self.before is not None and _is_operand(self.before, Kind.CLOSE, Kind.FUNCTION)

    @property
    def goes_on(self) -> bool:
        """Whether what comes next would be taken for a part of this."""
        if is_kind(self.after, Kind.BAR):
            return not self.in_bars
        if is_kind(self.after, Kind.AFTER):
            return isinstance(self.after, Atom) and self.after.text[0] not in ".?:,"
        if is_kind(self.after, Kind.TEXT):
            return False
        is_root = isinstance(self.after, Root)  # its sign shows where it begins
        return self.after is not None and not is_root and _is_operand(self.after, Kind.OPEN)

    @property
    def is_factor(self) -> bool:
        """Whether something beside it binds to it: a factor, or a sign of division."""
        sides = (self.before, self.after)
        divides = any(isinstance(side, Atom) and side.text.strip() in DIVIDING for side in sides)
        is_root = isinstance(self.after, Root) or is_kind(self.after, Kind.FUNCTION)
        is_function = isinstance(self.after, Script) and is_kind(self.after.base, Kind.FUNCTION)
        return divides or self.follows or self.goes_on or is_root or is_function


def _is_operand(node: Node, *kinds: Kind) -> bool:
    if isinstance(node, Atom):
        return node.kind in (Kind.NUMBER, Kind.LETTER, Kind.AFTER, *kinds)
    if isinstance(node, Script) and is_kind(node.base, Kind.LARGE, Kind.RELATION, Kind.TEXT):
        return False
    return not isinstance(node, Grid)


def spaced(node: Node, beside: Beside, text: str, *, tight: bool) -> str:
    """`text` of a node with the spaces that set it off from its neighbours."""
    if isinstance(node, Script) and is_kind(node.base, Kind.FUNCTION, Kind.LARGE, Kind.RELATION):
        kind = node.base.kind if isinstance(node.base, Atom) else Kind.FUNCTION
    else:
        kind = node.kind if isinstance(node, Atom) else Kind.LETTER
    if kind is Kind.SIGN:
        return _sign(beside, text, tight=tight)
    if kind is Kind.RELATION:
        return text if tight else f" {text} "
    if kind is Kind.PUNCTUATION:
        return text if tight or is_kind(beside.after, Kind.PUNCTUATION) else f"{text} "
    if kind in (Kind.FUNCTION, Kind.LARGE):
        return _name(beside, text, is_large=kind is Kind.LARGE)
    return _apart(node, beside) + text


def _sign(beside: Beside, text: str, *, tight: bool) -> str:
    if text == "/":
        return text
    is_first = beside.before is None or is_kind(
        beside.before, Kind.SIGN, Kind.RELATION, Kind.OPEN, Kind.PUNCTUATION, Kind.FUNCTION,
        Kind.LARGE,
    )  # fmt: skip
    is_first = is_first or (is_kind(beside.before, Kind.BAR) and beside.in_bars)
    if is_first or beside.after is None:
        return text
    return text if tight and not text.isalpha() else f" {text} "


def _name(beside: Beside, text: str, *, is_large: bool) -> str:
    before = " " if beside.follows else ""
    after = beside.after
    after = after.base if isinstance(after, Script) and isinstance(after.base, Fence) else after
    touches = (Fence, Fraction) if not is_large else ()
    is_touched = isinstance(after, touches) or is_kind(after, Kind.OPEN) or after is None
    return f"{before}{text}" if is_touched and not is_large else f"{before}{text} "


def _apart(node: Node, beside: Beside) -> str:
    """A space where numbers, or words and what is beside them, would run together."""
    before = beside.before
    if is_kind(node, Kind.NUMBER) and is_kind(before, Kind.NUMBER):
        return " "
    if isinstance(node, Fraction) and node.whole and is_kind(before, Kind.NUMBER):
        return " "
    if is_kind(node, Kind.TEXT) and isinstance(node, Atom):
        is_word = node.text[:1].isalpha() and node.text not in ("st", "nd", "rd", "th")
        is_word = is_word and before != Atom("°", Kind.AFTER)
        return " " if is_word and before is not None and _is_operand(before, Kind.TEXT) else ""
    if is_kind(before, Kind.TEXT) and isinstance(before, Atom) and not is_kind(node, Kind.AFTER):
        is_bracket = isinstance(node, Fence) or is_kind(node, Kind.CLOSE, Kind.SPACE)
        return " " if before.text[-1:].isalpha() and not is_bracket else ""
    return ""
