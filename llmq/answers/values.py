"""The values of a node at some points, to 50 digits, real and bounded.

Where there is no real value (a square root of less than 0, a division by 0), the point is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from llmq.answers.nodes import Node, Num, Op, Sym, TooLargeError, symbols

DIGITS = 50
AGREED = 30  # digits
MOST_LOG = 5000  # of a value, in nats
MOST_ANGLE = 1e6
ENOUGH = 3  # points at which both sides exist
POINTS = tuple(
    Fraction(n, d)
    for n, d in (
        (13, 7), (-8, 5), (29, 11), (3, 17), (-31, 9), (47, 13), (101, 9), (-2, 19), (233, 10),
        (1009, 21), (5, 23), (-117, 8),
    )
)  # fmt: skip
MOST_FACTORIAL = 100
CONSTANTS = ("pi", "infinity")

Operation = Callable[..., Any]


class UndefinedError(Exception):
    """There is no real value at this point."""


def value(node: Node) -> Any:
    """The value of a node without letters; None where there is none."""
    if symbols(node) - {"pi"}:
        return None
    with precision():
        try:
            return _evaluated(node, {})
        except (UndefinedError, ZeroDivisionError):
            return None


def values(nodes: Sequence[Node]) -> list[tuple[Any, ...]]:
    """The values of all nodes at each point where all exist; none where these are too few."""
    letters = sorted(frozenset().union(*map(symbols, nodes)) - set(CONSTANTS))
    found = []
    n_points = len(POINTS) if letters else 1
    with precision():
        for number in range(n_points):
            where = {
                letter: POINTS[(number + 5 * i) % len(POINTS)] + Fraction(i, 3)
                for i, letter in enumerate(letters)
            }
            try:
                found.append(tuple(_evaluated(node, where) for node in nodes))
            except (UndefinedError, ZeroDivisionError):
                continue
    return found if len(found) >= min(ENOUGH, n_points) else []


def precision() -> Any:
    """Within this context, arithmetic is done to DIGITS digits."""
    import mpmath

    return mpmath.workdps(DIGITS)


def _evaluated(node: Node, where: Mapping[str, Fraction]) -> Any:
    import mpmath

    if isinstance(node, Num):
        return mpmath.mpf(node.value.numerator) / node.value.denominator
    if isinstance(node, Sym):
        if node.name == "pi":
            return +mpmath.pi
        if node.name not in where:
            raise UndefinedError
        point = where[node.name]
        return mpmath.mpf(point.numerator) / point.denominator
    if not isinstance(node, Op):
        raise UndefinedError
    args = [_evaluated(arg, where) for arg in node.args]
    return _operations()[node.name](*args)


@cache
def _operations() -> Mapping[str, Operation]:
    """What each operation computes, of real numbers alone."""
    import mpmath

    log = _within(mpmath.log, 1e-300, mpmath.inf, UndefinedError)
    return {
        "+": lambda a, b: a + b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "neg": lambda a: -a,
        "abs": abs,
        "^": _power,
        "factorial": _factorial,
        "sqrt": _within(mpmath.sqrt, 0, mpmath.inf, UndefinedError),
        "ln": log,
        "log": lambda x: log(x) / mpmath.log(10),
        "exp": _within(mpmath.exp, -MOST_LOG, MOST_LOG, TooLargeError),
        **{
            name: _within(getattr(mpmath, name), -MOST_ANGLE, MOST_ANGLE, TooLargeError)
            for name in ("sin", "cos", "tan", "atan")
        },
        **{
            name: _within(getattr(mpmath, name), -1, 1, UndefinedError) for name in ("asin", "acos")
        },
    }


def _within(function: Operation, least: float, most: float, error: type[Exception]) -> Operation:
    """`function`, which raises `error` for what does not lie between the two."""

    def apply(x: Any) -> Any:
        if not least <= x <= most:
            raise error
        return function(x)

    return apply


def _power(base: Any, exponent: Any) -> Any:
    import mpmath

    if base == 0 and exponent <= 0:
        raise UndefinedError
    if base and abs(mpmath.log(abs(base)) * exponent) > MOST_LOG:
        raise TooLargeError
    if base > 0 or mpmath.isint(exponent):
        return base**exponent
    # The real cube root and its like: (-8)^(1/3) is -2.
    root = mpmath.nint(1 / exponent)
    if abs(1 / exponent - root) > 10**-AGREED or root % 2 == 0:
        raise UndefinedError
    return -(abs(base) ** exponent)


def _factorial(x: Any) -> Any:
    import mpmath

    if x > MOST_FACTORIAL:
        raise TooLargeError
    if x < 0 or not mpmath.isint(x):
        raise UndefinedError
    return mpmath.factorial(x)
