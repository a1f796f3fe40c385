"""Ratios: sharing in a ratio, and prices in proportion."""

from random import Random

from llmq.practice.making import step
from llmq.practice.people import thing_of, two_names
from llmq.practice.problem import Calculation, Mistake, Problem

TOPIC = "ratios"


def share(rng: Random) -> Problem:
    """A total shared in a ratio; the first share is asked for."""
    first, second = rng.randint(2, 9), rng.randint(2, 9)
    total = (first + second) * rng.randint(3, 40)
    parts = Calculation(first, "+", second)
    one = Calculation(total, "/", parts.value)
    name, other = two_names(rng)
    return Problem(
        TOPIC,
        f"{name} and {other} share {total} {thing_of(rng)} {first}:{second}. How many for {name}?",
        (
            step(parts, "total parts"),
            step(
                one,
                "share of one part",
                mistakes=(Mistake.of("divided-by-one-share", Calculation(total, "/", first)),),
            ),
            step(
                Calculation(one.value, "*", first),
                "share",
                mistakes=(Mistake.of("took-other-share", Calculation(one.value, "*", second)),),
            ),
        ),
    )


def proportion(rng: Random) -> Problem:
    """The price of some, from the price of others."""
    known, wanted, price = rng.randint(2, 12), rng.randint(2, 15), rng.randint(2, 30)
    cost = known * price
    one = Calculation(cost, "/", known)
    additive = Mistake("additive-ratio", one.value + abs(wanted - known))
    things = thing_of(rng)
    return Problem(
        TOPIC,
        f"{known} {things} cost {cost} pounds. What do {wanted} {things} cost?",
        (
            step(one, "price of one"),
            step(Calculation(one.value, "*", wanted), "price of many", mistakes=(additive,)),
        ),
    )


KINDS = (share, proportion)
