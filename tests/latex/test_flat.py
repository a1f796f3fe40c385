"""Formulas in one line mean what their LaTeX means."""

import random
import time

import pytest

from llmq.latex import block, flat
from llmq_peer.expressions import Expression, expressions, keeps_meaning
from llmq_peer.plain_math import meaning

EVERY = list(expressions())
ALGEBRAIC = [each for each in EVERY if each.means]
PIECES = [
    "\\frac", "\\sqrt", "\\left(", "\\right)", "{", "}", "[", "]", "^", "_", "&", "\\\\", "\\", "x",
    "12", " ", "\\begin{matrix}", "\\end{matrix}", "\\begin{cases}", "\\end", "\\text{", "\\over",
    "\\sum", "\\not", "\\substack{", "|", "'", "\\hat", "\\unknown", "$", "\n", "\x00", "é", "中",
]  # fmt: skip


def test_there_are_enough_formulas() -> None:
    assert len({each.latex for each in EVERY}) >= 300
    assert len(ALGEBRAIC) >= 250
    assert sum(bool(each.expected) for each in EVERY) >= 70


@pytest.mark.parametrize("expression", ALGEBRAIC, ids=lambda each: each.latex)
def test_algebra_keeps_its_meaning(expression: Expression) -> None:
    line = flat(expression.latex)
    assert keeps_meaning(expression, line), f"{line} is not {expression.means}"


def test_the_reader_finds_changed_meanings() -> None:
    half_x = Expression(r"\frac{1}{2}x", "x/2")
    assert keeps_meaning(half_x, "(1/2)x")
    for wrong in ("1/(2x)", "12x", r"\frac12x", "(1/2)", "(1/2)x = 1", "(1/2"):
        assert not keeps_meaning(half_x, wrong), wrong
    assert meaning("2 1/3") != meaning("21/3")


def test_everything_else_is_shown_as_expected() -> None:
    for each in EVERY:
        if each.expected:
            assert flat(each.latex) == each.expected, each.latex


def test_no_backslash_is_left() -> None:
    for each in EVERY:
        lines = [flat(each.latex), *block(each.latex)]
        assert "\\" not in "".join(lines), each.latex
        assert all(lines), each.latex


def test_hostile_formulas_neither_raise_nor_hang() -> None:
    rng = random.Random(1)
    texts = ["".join(rng.choices(PIECES, k=rng.randint(1, 60))) for _ in range(3000)]
    texts += [piece * 5000 for piece in PIECES] + ["\\frac{" * 39 + "x", "{" * 39 + "x" + "}" * 39]
    begun = time.monotonic()
    for text in texts:
        for line in (flat(text), *block(text)):
            assert "\\" not in line
            assert "\n" not in line
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("latex", "lines"),
    [
        (r"\frac{1}{2}x", ["(1/2)x"]),
        (r"A = \begin{pmatrix}1&-2\\30&4\end{pmatrix}", ["A = ⎛ 1  -2⎞", "    ⎝30   4⎠"]),
        (r"\begin{aligned}2x+3&=7\\x&=2\end{aligned}", ["2x + 3 = 7", "     x = 2"]),
        (
            r"f(x) = \begin{cases}x & x>0\\0 & x=0\\-x & x<0\end{cases}",
            ["       ⎧ x   x > 0", "f(x) = ⎨ 0   x = 0", "       ⎩ -x  x < 0"],
        ),
        (
            r"x = \frac{-b + \sqrt{b^2-4ac}}{2a + 3b + 4c + 5d}",
            ["      -b + √(b²-4ac)", "x = ─────────────────", "    2a + 3b + 4c + 5d"],
        ),
    ],
)
def test_blocks(latex: str, lines: list[str]) -> None:
    assert block(latex) == lines
