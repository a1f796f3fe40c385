"""Percentages in tens: a part, a discount, an increase."""

from random import Random

from llmq.practice.making import step
from llmq.practice.people import thing_of
from llmq.practice.problem import Calculation, Mistake, Problem, Step

TOPIC = "percentages"


def percent_of(rng: Random) -> Problem:
    """A percentage of a number: 30 percent of 240."""
    percent, amount = 10 * rng.randint(2, 9), 10 * rng.randint(3, 99)
    return Problem(TOPIC, f"What is {percent} percent of {amount}?", _part(percent, amount))


def discount(rng: Random) -> Problem:
    """A price after a discount."""
    percent, price = 10 * rng.randint(2, 8), 10 * rng.randint(3, 90)
    part = _part(percent, price)
    down = Calculation(price, "-", part[-1].value)
    as_amount = Mistake.of("percent-as-amount", Calculation(price, "-", percent))
    question = (
        f"A box of {thing_of(rng)} costs {price} pounds. It is {percent} percent off. "
        "What is the price now?"
    )
    return Problem(TOPIC, question, (*part, step(down, "price down", mistakes=(as_amount,))))


def increase(rng: Random) -> Problem:
    """A price after an increase."""
    percent, price = 10 * rng.randint(2, 8), 10 * rng.randint(3, 60)
    part = _part(percent, price)
    up = Calculation(price, "+", part[-1].value)
    as_amount = Mistake.of("percent-as-amount", Calculation(price, "+", percent))
    question = (
        f"A ticket costs {price} pounds. The price goes up by {percent} percent. What is it now?"
    )
    return Problem(TOPIC, question, (*part, step(up, "price up", mistakes=(as_amount,))))


def _part(percent: int, amount: int) -> tuple[Step, Step]:
    tenth = Calculation(amount, "/", 10)
    hundredth = Mistake.of("hundredth", Calculation(amount, "/", 100))
    times = Calculation(tenth.value, "*", percent // 10)
    as_amount = Mistake("percent-as-amount", tenth.value + percent)
    return (
        step(tenth, "ten percent", mistakes=(hundredth,)),
        step(times, "percent part", mistakes=(as_amount,)),
    )


KINDS = (percent_of, discount, increase)
