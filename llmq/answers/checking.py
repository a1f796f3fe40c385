"""Whether an answer is right: the same text, number, expression or words as the key."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from llmq.answers.nodes import Group, Node, Num, Op, Rel, Sym, TooLargeError, rational, symbols
from llmq.answers.readings import Reading, as_words, readings, tidy
from llmq.errors import one_line

How = Literal["exact", "numeric", "symbolic", "text", "none"]
SHOWN = 60  # characters of an answer in the words of a verdict


@dataclass(frozen=True)
class Verdict:
    """`how` says by which comparison an answer is right, "none" that it is wrong by all of them."""

    right: bool
    how: How
    words: str


def check(answer: str, key: str) -> Verdict:
    """Whether `answer` says what `key` says.

    >>> check("1 1/2", "1.5").how, check("2(x+1)", "2x + 2").how, check("-3", "3").right
    ('numeric', 'symbolic', False)
    """
    ours, theirs = tidy(answer), tidy(key)
    if ours == theirs:
        return _verdict("exact", answer, key)
    found, wanted = readings(ours), readings(theirs)
    for how in (_how(a, b) for a in found for b in wanted):
        if how:
            return _verdict(how, answer, key)
    # Words that can be read as mathematics are compared as such alone: 3.5 is not "3 5".
    if not (found and wanted) and as_words(ours) and as_words(ours) == as_words(theirs):
        return _verdict("text", answer, key)
    return _verdict("none", answer, key)


def _verdict(how: How, answer: str, key: str) -> Verdict:
    verbs = {
        "exact": "is", "numeric": "is the same number as", "symbolic": "is equal to",
        "text": "says the same as", "none": "is not",
    }  # fmt: skip
    sides = (one_line(text, SHOWN) or "(nothing)" for text in (answer, key))
    return Verdict(how != "none", how, f" {verbs[how]} ".join(sides))


def _how(answer: Reading, key: Reading) -> How | None:
    """By which comparison two readings are the same."""
    factor = _factor(answer, key)
    if factor is None:
        return None
    try:
        return _same(_end(answer, key), _end(key, answer), factor, _places(answer, key))
    except TooLargeError:
        return None


def _factor(answer: Reading, key: Reading) -> Fraction | None:
    """What the answer is multiplied with to be in the key's unit; None where that cannot be.

    A unit that only one of them names says nothing against the other.
    """
    if answer.unit and key.unit:
        alike = answer.unit.dimension == key.unit.dimension
        return answer.unit.factor / key.unit.factor if alike else None
    if answer.label and key.label and _stem(answer.label) != _stem(key.label):
        return None
    return Fraction(1)


def _stem(label: str) -> str:
    """The last word of a label, without a plural's ending.

    >>> _stem("red apples") == _stem("apple")
    True
    """
    return label.casefold().split()[-1].rstrip("s")


def _end(reading: Reading, other: Reading) -> Node:
    """What is compared: of "x = 5" and "2 + 3 = 5" only the 5, where the other is no relation."""
    node = reading.node
    if isinstance(other.node, Rel) or _holds_relations(other.node):
        return node
    return _without_names(node)


def _holds_relations(node: Node) -> bool:
    return isinstance(node, Group) and any(isinstance(item, Rel) for item in node.items)


def _without_names(node: Node) -> Node:
    if (
        isinstance(node, Rel)
        and node.name == "="
        and (isinstance(node.left, Sym) or rational(node.left) is not None)
    ):
        return node.right
    if isinstance(node, Group):
        return Group(node.brackets, tuple(map(_without_names, node.items)))
    return node


def _places(answer: Reading, key: Reading) -> int | None:
    """To how many places both are compared; None where neither is said to be rounded."""
    rounded = [r.node.decimals for r in (answer, key) if r.is_about and isinstance(r.node, Num)]
    return min(rounded) if rounded else None


def _same(answer: Node, key: Node, factor: Fraction, places: int | None) -> How | None:
    a, b = rational(answer), rational(key)
    if a is not None and b is not None:
        off = abs(a * factor - b)
        return (
            "numeric" if off <= (Fraction(1, 2 * 10**places) if places is not None else 0) else None
        )
    if isinstance(answer, Group) or isinstance(key, Group):
        return "symbolic" if _same_groups(answer, key) else None
    from llmq.answers import algebra, values

    if isinstance(answer, Rel) and isinstance(key, Rel):
        return (
            "symbolic" if _same_sides(answer, key) or algebra.same_relation(answer, key) else None
        )
    if isinstance(answer, Rel) or isinstance(key, Rel):
        return None
    scaled = answer if factor == 1 else Op("*", (Num(factor), answer))
    if places is not None:
        sides = [values.value(node) for node in (scaled, key)]
        near = None not in sides and abs(sides[0] - sides[1]) <= 0.5 * 10.0**-places
        return "numeric" if near else None
    if not algebra.same(scaled, key):
        return None
    return "symbolic" if symbols(answer) - {"pi"} else "numeric"


def _same_sides(answer: Rel, key: Rel) -> bool:
    """Whether both relate the same things, as 2 = 2 does, which no rearrangement shows."""
    if answer.name != key.name:
        return False
    ways = [((answer.left, key.left), (answer.right, key.right))]
    if answer.name == "=":
        ways.append(((answer.left, key.right), (answer.right, key.left)))
    return any(all(_same(a, b, Fraction(1), None) for a, b in way) for way in ways)


def _same_groups(answer: Node, key: Node) -> bool:
    """Lists and sets in any order, ratios by what they come to, brackets item by item."""
    if not (isinstance(answer, Group) and isinstance(key, Group)):
        return False
    ours, theirs = answer.items, key.items
    kinds = {answer.brackets, key.brackets}
    if kinds <= {",", "{}"}:
        return _same_in_any_order(ours, theirs) and _same_in_any_order(theirs, ours)
    if len(kinds) > 1 or len(ours) != len(theirs):
        return False
    pairs: list[tuple[Node, Node]] = list(zip(ours, theirs, strict=True))
    if kinds == {":"}:
        pairs = [(Op("*", (a, theirs[0])), Op("*", (b, ours[0]))) for a, b in pairs]
    return all(_same(a, b, Fraction(1), None) for a, b in pairs)


def _same_in_any_order(ours: Sequence[Node], theirs: Sequence[Node]) -> bool:
    return all(any(_same(a, b, Fraction(1), None) for b in theirs) for a in ours)
