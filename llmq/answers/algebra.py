"""Whether two nodes are the same: exactly where they are rational functions, else by trying.

Sums, products and quotients of letters go to sympy, which cancels their difference, provided that
it has few terms. All else is evaluated to 50 digits at a dozen points; expressions that agree at
all of them to 30 are the same (Schwartz 1980, Fast Probabilistic Algorithms for Verification of
Polynomial Identities). Only real values count: sqrt(x) sqrt(y) is sqrt(x y) wherever both exist,
and sqrt(x^2) is not x. Nothing is computed whose size is not bounded first.
"""

from math import comb
from typing import Any

from llmq.answers.nodes import (
    MOST_BITS,
    Node,
    Num,
    Op,
    Rel,
    Sym,
    TooLargeError,
    symbols,
)
from llmq.answers.values import AGREED, CONSTANTS, DIGITS, precision, values

MOST_TERMS = 500  # of a difference that is multiplied out


def same(left: Node, right: Node) -> bool:
    """Whether two expressions have the same value, whatever the letters in them stand for."""
    if left == right:
        return True
    exact = _exactly(left, right)
    if exact is not None:
        return exact
    with precision():
        pairs = values((left, right))
        return len(pairs) > 0 and all(_near(a, b) for a, b in pairs)


def same_relation(left: Rel, right: Rel) -> bool:
    """Whether one is the other rearranged: both sides swapped, moved across, or multiplied."""
    left, right = _as_less(left), _as_less(right)
    if left.name != right.name:
        return False
    differences = tuple(Op("+", (each.left, Op("neg", (each.right,)))) for each in (left, right))
    with precision():
        pairs = [(a, b) for a, b in values(differences) if not (_near(a, 0) and _near(b, 0))]
        if not pairs or any(_near(a, 0) or _near(b, 0) for a, b in pairs):
            return False
        ratio = pairs[0][0] / pairs[0][1]
        if left.name in ("<", "<=") and ratio < 0:
            return False
        return all(_near(a, b * ratio) for a, b in pairs)


def _as_less(relation: Rel) -> Rel:
    swapped = {">": "<", ">=": "<="}.get(relation.name)
    return Rel(swapped, relation.right, relation.left) if swapped else relation


def _near(a: Any, b: Any) -> bool:
    scale = max(abs(a), abs(b))
    return bool(abs(a - b) <= scale * 10**-AGREED + 10 ** -(DIGITS - 5))


def _exactly(left: Node, right: Node) -> bool | None:
    """Whether two rational functions are the same; None for what is none, or has many terms."""
    if not 0 < _n_terms(left) * _n_terms(right) <= MOST_TERMS:
        return None
    import sympy

    try:
        return bool(sympy.cancel(_sympy(left) - _sympy(right)) == 0)
    except (ZeroDivisionError, sympy.PolynomialError):
        return None


def _n_terms(node: Node) -> int:
    """At most so many terms has a rational function when it is multiplied out; 0: it is none."""
    if isinstance(node, Num):
        return 1 if node.value.denominator.bit_length() < MOST_BITS else 0
    if isinstance(node, Sym):
        return 0 if node.name in CONSTANTS else 1
    if not isinstance(node, Op) or node.name not in ("+", "*", "/", "neg", "^"):
        return 0
    if node.name == "^":
        base, exponent = _n_terms(node.args[0]), node.args[1]
        whole = isinstance(exponent, Num) and exponent.value.denominator == 1
        if not whole or not isinstance(exponent, Num) or not 1 <= exponent.value <= 50 or not base:
            return 0
        return comb(base + int(exponent.value) - 1, base - 1)
    counts = [_n_terms(arg) for arg in node.args]
    if 0 in counts:
        return 0
    if node.name == "+":
        return counts[0] * counts[1] + counts[0] + counts[1] if _has_quotient(node) else sum(counts)
    return counts[0] if len(counts) == 1 else counts[0] * counts[1]


def _has_quotient(node: Node) -> bool:
    """Adding quotients multiplies their denominators."""
    return isinstance(node, Op) and (
        (node.name == "/" and bool(symbols(node.args[1]))) or any(map(_has_quotient, node.args))
    )


def _sympy(node: Node) -> Any:
    """A node for which `_n_terms` is not 0, as sympy has it."""
    import sympy

    if isinstance(node, Num):
        return sympy.Rational(node.value.numerator, node.value.denominator)
    if isinstance(node, Sym):
        return sympy.Symbol(node.name)
    assert isinstance(node, Op)
    args = [_sympy(arg) for arg in node.args]
    if node.name == "/":
        if args[1] == 0:
            raise ZeroDivisionError
        return args[0] / args[1]
    if node.name == "^":
        return _checked_power(*args)
    if node.name == "neg":
        return -args[0]
    return args[0] + args[1] if node.name == "+" else args[0] * args[1]


def _checked_power(base: Any, exponent: Any) -> Any:
    if base.is_Rational and max(base.p.bit_length(), base.q.bit_length()) * exponent > MOST_BITS:
        raise TooLargeError
    return base**exponent
