"""Formulas of school mathematics with what each means, and whether a line of text says the same.

`expressions.jsonl` was written by hand: `means` is what the LaTeX says, for sympy; `expected` the
line in which a formula that is no algebra is best shown.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sympy

from llmq_peer.plain_math import RELATIONS, UnreadError, meaning

FILE = Path(__file__).with_name("expressions.jsonl")
SIDES = re.compile(r" (==|!=|<=|>=|<|>|~|,) ")
POINTS = (sympy.Rational(137, 100), sympy.Rational(59, 100), sympy.Rational(241, 100))
CLASHING = ["S", "I", "N", "E", "O", "Q", "C", "beta", "gamma", "zeta", "lamda", "pm"]
GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "theta": "θ"}


@dataclass(frozen=True)
class Expression:
    """A formula; `means` where it is algebra."""

    latex: str
    means: str = ""
    expected: str = ""


def expressions() -> Iterator[Expression]:
    """All of them."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Expression(row["latex"], row.get("means", ""), row.get("expected", ""))


def keeps_meaning(expression: Expression, text: str) -> bool:
    """Whether a line of text, read by `plain_math`, is equal to what the formula means."""
    if "\\" in text:
        return False
    try:
        found = meaning(text)
    except (UnreadError, RecursionError, TypeError, ValueError, ArithmeticError, AttributeError):
        return False
    wanted = [_side(part) for part in SIDES.split(expression.means)]
    if len(found) != len(wanted):
        return False
    return all(
        left == right if isinstance(left, str) or isinstance(right, str) else _same(left, right)
        for left, right in zip(found, wanted, strict=True)
    )


def _side(text: str) -> Any:
    if text in (*RELATIONS.values(), ","):
        return text
    names = {name: sympy.Symbol(name) for name in CLASHING if name != "E"}
    names |= {name: sympy.Symbol(letter) for name, letter in GREEK.items()}
    return sympy.sympify(text, locals=names)


def _same(left: Any, right: Any) -> bool:
    """Equal at several points: sums, roots and functions alike."""
    left, right = sympy.sympify(left), sympy.sympify(right)
    symbols = sorted(left.free_symbols | right.free_symbols, key=str)
    for n in range(len(POINTS)):
        values = {s: POINTS[(k + n) % 3] + sympy.Rational(k, 7) for k, s in enumerate(symbols)}
        one, other = (complex(sympy.N(side.subs(values))) for side in (left, right))
        if abs(one - other) > 1e-9 * (1 + abs(other)):
            return False
    return True
