"""Formulas are replaced in text that streams in, however it is cut."""

import random
from itertools import pairwise

import pytest

from llmq.latex import MathText
from llmq.latex.streaming import MOST_HELD

SHOWN = [
    (r"It costs $5 and $6, so $11.", "It costs $5 and $6, so $11."),
    (r"I have $20, you have $30.50!", "I have $20, you have $30.50!"),
    (r"It is $5 a day and $3 per hour: $n$ days.", "It is $5 a day and $3 per hour: n days."),
    (r"Pay $20-$30 or $$$.", "Pay $20-$30 or $$$."),
    (r"Let $x^2 + 1$ be $5$.", "Let x² + 1 be 5."),
    (r"$2 + 2$ is $4$, an $n$-th root", "2 + 2 is 4, an n-th root"),
    (r"\(\frac{1}{2}x\) and \[ \frac{a+b}{c} \]", "(1/2)x and (a+b)/c"),
    (r"$$x = 5$$ done", "x = 5 done"),
    (r"so \frac{1}{2} \times 4 = \boxed{2}", "so 1/2 × 4 = 2"),
    (r"an angle of 90^\circ or 45^{\circ}, 2^{10}", "an angle of 90° or 45°, 2¹⁰"),
    (r"costs \$5, C:\Users\name and \n stay", r"costs $5, C:\Users\name and \n stay"),
    (r"`$x$ \frac{1}{2}` but $y$", r"`$x$ \frac{1}{2}` but y"),
    ("```tex\n$x$\n\\frac12\n```\n$y_1$", "```tex\n$x$\n\\frac12\n```\ny₁"),
    (r"never closed \(\frac{1}{2}", "never closed 1/2"),
    (r"never closed $x + 1", "never closed $x + 1"),
    ("$x\n+1$", "$x\n+1$"),
    (r"$\text{speed is good} = \frac{d}{t}$", "speed is good = d/t"),
    ("is\n$$\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}$$ ok", "is\n⎡1  2⎤\n⎣3  4⎦\nok"),
    (r"a \begin{bmatrix}1&2\\3&4\end{bmatrix}.", "a \n⎡1  2⎤\n⎣3  4⎦\n."),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_what_is_shown(text: str, shown: str) -> None:
    assert whole(text) == shown


def test_the_same_however_it_is_cut() -> None:
    rng = random.Random(2)
    texts = [text for text, _ in SHOWN]
    texts += [" ".join(rng.sample(texts, 6)) for _ in range(20)]
    pieces = [*"$$$\\(){}`^_ \n5xab,.", "\\frac", "\\[", "\\]", "$$", "```", "\\begin{cases}"]
    texts += ["".join(rng.choices(pieces, k=60)) for _ in range(400)]
    for text in texts:
        expected = whole(text)
        assert cut(text, [*range(1, len(text))]) == expected, text
        for _ in range(5):
            places = sorted(rng.sample(range(len(text) + 1), rng.randint(1, 5)))
            assert cut(text, places) == expected, (text, places)


def test_little_is_held_back() -> None:
    """Plain text goes through at once; an open formula waits, but not for ever."""
    math = MathText()
    assert math.feed("plain words, ") == "plain words, "
    assert math.feed("it is $5 per day") == "it is $5 per day"
    for opening in (r"\(", "$$", "$", r"\[", r"\frac{", r"\begin{cases}", "^{"):
        math = MathText()
        shown = "".join(math.feed(c) for c in opening + "x+" * MOST_HELD)
        assert len(shown) >= MOST_HELD, opening


def whole(text: str) -> str:
    return cut(text, [])


def cut(text: str, places: list[int]) -> str:
    math = MathText()
    bounds = [0, *places, len(text)]
    shown = [math.feed(text[a:b]) for a, b in pairwise(bounds)]
    return "".join(shown) + math.finish()
