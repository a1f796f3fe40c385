"""Linear equations in one unknown, solved by undoing one operation after the other."""

from random import Random

from llmq.practice.making import step
from llmq.practice.problem import Calculation, Mistake, Problem

TOPIC = "linear equations"


def times_plus(rng: Random) -> Problem:
    """7x + 5 = 40."""
    a, b, x = rng.randint(2, 12), rng.randint(2, 60), rng.randint(2, 40)
    return _solve(
        f"{a}x + {b} = {a * x + b}", (a * x + b, "-", b, "undo plus"), ("/", a, "undo times")
    )


def times_minus(rng: Random) -> Problem:
    """7x - 5 = 30."""
    a, b, x = rng.randint(2, 12), rng.randint(2, 60), rng.randint(2, 40)
    return _solve(
        f"{a}x - {b} = {a * x - b}", (a * x - b, "+", b, "undo minus"), ("/", a, "undo times")
    )


def over_plus(rng: Random) -> Problem:
    """x/4 + 5 = 12."""
    a, b, x = rng.randint(2, 12), rng.randint(2, 60), rng.randint(2, 40)
    return _solve(f"x/{a} + {b} = {x + b}", (x + b, "-", b, "undo plus"), ("*", a, "undo division"))


def bracket(rng: Random) -> Problem:
    """3(x + 5) = 42; x may be negative."""
    a, b, x = rng.randint(2, 12), rng.randint(2, 40), rng.randint(-20, 40)
    total = a * (x + b)
    return _solve(f"{a}(x + {b}) = {total}", (total, "/", a, "undo times"), ("-", b, "undo plus"))


def _solve(
    equation: str, first: tuple[int, str, int, str], second: tuple[str, int, str]
) -> Problem:
    left, sign, right, guide = first
    one = Calculation(left, sign, right)
    two = Calculation(one.value, second[0], second[1])
    steps = (
        step(one, guide, mistakes=_repeated(one)),
        step(two, second[2], mistakes=_repeated(two)),
    )
    return Problem(TOPIC, f"Solve {equation}.", steps)


def _repeated(undoing: Calculation) -> tuple[Mistake, ...]:
    """The mistake of doing once more what should be undone."""
    inverse = {"+": "-", "-": "+", "*": "/", "/": "*"}[undoing.sign]
    repeated = Calculation(undoing.left, inverse, undoing.right)
    return (Mistake.of("same-operation", repeated),)


KINDS = (times_plus, times_minus, over_plus, bracket)
