"""What a text is read as: numbers, letters, operations, relations and groups."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Num:
    """A number as it was written; `decimals` says to how many places, where it has any."""

    value: Fraction
    decimals: int = 0


@dataclass(frozen=True)
class Sym:
    """A letter, with its index if it has one."""

    name: str


@dataclass(frozen=True)
class Op:
    """`+`, `*`, `/`, `^` of two, or `neg` and the functions of one."""

    name: str
    args: "tuple[Node, ...]"


@dataclass(frozen=True)
class Rel:
    """An equation or an inequality: =, <, >, <=, >=, !=."""

    name: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Group:
    """Several things: a list, a set `{}`, a pair or an interval by its brackets, a ratio `:`."""

    brackets: str
    items: "tuple[Node, ...]"


Node = Num | Sym | Op | Rel | Group

MOST_BITS = 20_000  # of a number that is computed exactly
MOST_POWER = 1000


class TooLargeError(Exception):
    """What is written is mathematics, but larger than what is computed."""


def rational(node: Node) -> Fraction | None:
    """The value of a node in which only fractions are added, multiplied and raised to powers.

    >>> rational(Op("/", (Num(Fraction(1)), Num(Fraction(2)))))
    Fraction(1, 2)
    """
    if isinstance(node, Num):
        return node.value
    if not isinstance(node, Op):
        return None
    args = [rational(arg) for arg in node.args]
    values = [value for value in args if value is not None]
    if len(values) < len(args):
        return None
    if node.name == "^":
        return _power(*values)
    if node.name == "/":
        return values[0] / values[1] if values[1] else None
    sums = {"+": lambda: values[0] + values[1], "*": lambda: values[0] * values[1],
            "neg": lambda: -values[0]}  # fmt: skip
    return sums[node.name]() if node.name in sums else None


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator != 1 or (not base and exponent <= 0):
        return None
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) > MOST_POWER or bits * abs(exponent) > MOST_BITS:
        raise TooLargeError
    return base ** int(exponent)


def symbols(node: Node) -> frozenset[str]:
    """The letters in a node."""
    if isinstance(node, Sym):
        return frozenset({node.name})
    parts: tuple[Node, ...] = ()
    if isinstance(node, Rel):
        parts = (node.left, node.right)
    elif isinstance(node, Op):
        parts = node.args
    elif isinstance(node, Group):
        parts = node.items
    return frozenset().union(*(symbols(part) for part in parts))
