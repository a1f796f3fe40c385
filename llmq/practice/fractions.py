"""Fractions: a part of a number, sums and differences over one bottom number."""

from fractions import Fraction
from random import Random

from llmq.practice.making import step
from llmq.practice.problem import Calculation, Mistake, Problem

TOPIC = "fractions"


def part_of_number(rng: Random) -> Problem:
    """A fraction of a whole: 3/4 of 60."""
    bottom = rng.randint(3, 12)
    top = rng.randint(2, bottom - 1)
    whole = bottom * rng.randint(3, 40)
    unit = Calculation(whole, "/", bottom)
    by_top = Mistake.of("used-top-number", Calculation(whole, "/", top))
    return Problem(
        TOPIC,
        f"What is {top}/{bottom} of {whole}?",
        (
            step(unit, "unit part", mistakes=(by_top,)),
            step(Calculation(unit.value, "*", top), "all parts"),
        ),
    )


def add_like(rng: Random) -> Problem:
    """A sum over one bottom number: 3/8 + 2/8."""
    bottom = rng.randint(5, 40)
    a, b = rng.randint(1, bottom - 1), rng.randint(1, bottom - 1)
    tops = Calculation(a, "+", b)
    return Problem(
        TOPIC,
        f"Add {a}/{bottom} and {b}/{bottom}.",
        (
            step(tops, "add tops"),
            step(
                Calculation(tops.value, "/", bottom),
                "over bottom",
                mistakes=_over(tops, 2 * bottom),
            ),
        ),
    )


def subtract_like(rng: Random) -> Problem:
    """A difference over one bottom number: 7/9 - 2/9."""
    bottom = rng.randint(6, 40)
    b = rng.randint(1, bottom - 2)
    a = rng.randint(b + 1, 2 * bottom)
    tops = Calculation(a, "-", b)
    return Problem(
        TOPIC,
        f"Take {b}/{bottom} from {a}/{bottom}.",
        (
            step(tops, "subtract tops"),
            step(
                Calculation(tops.value, "/", bottom),
                "over bottom",
                mistakes=_over(tops, 2 * bottom),
            ),
        ),
    )


def add_unlike(rng: Random) -> Problem:
    """A sum where one bottom number is a multiple of the other: 2/3 + 1/12."""
    small, factor = rng.randint(2, 8), rng.randint(2, 6)
    bottom = small * factor
    a, b = rng.randint(1, small - 1), rng.randint(1, bottom - 1)
    finer = Calculation(a, "*", factor)
    tops = Calculation(finer.value, "+", b)
    return Problem(
        TOPIC,
        f"Add {a}/{small} and {b}/{bottom}.",
        (
            step(finer, "same bottom"),
            step(tops, "add tops", mistakes=(Mistake.of("added-bottoms", Calculation(a, "+", b)),)),
            step(
                Calculation(tops.value, "/", bottom),
                "over bottom",
                mistakes=_over(tops, bottom + small),
            ),
        ),
    )


def _over(tops: Calculation, wrong_bottom: int) -> tuple[Mistake, ...]:
    return (Mistake("added-bottoms", Fraction(tops.value, wrong_bottom)),)


KINDS = (part_of_number, add_like, subtract_like, add_unlike)
