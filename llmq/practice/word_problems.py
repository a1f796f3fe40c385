"""Word problems: two or three calculations hidden in a short story."""

from random import Random

from llmq.practice.making import step
from llmq.practice.people import name_of, thing_of, two_things
from llmq.practice.problem import Calculation, Mistake, Problem

TOPIC = "word problems"


def give_away(rng: Random) -> Problem:
    """Boxes of equal size, some of it given away."""
    boxes, size = rng.randint(3, 12), rng.randint(4, 25)
    gone = rng.randint(2, boxes * size - 2)
    total = Calculation(boxes, "*", size)
    question = (
        f"{name_of(rng)} has {boxes} boxes of {size} {thing_of(rng)} and gives {gone} away. "
        "How many are left?"
    )
    left = step(Calculation(total.value, "-", gone), "how many left")
    return Problem(TOPIC, question, (step(total, "how many in all"), left))


def find_more(rng: Random) -> Problem:
    """Bags of equal size, and some more found."""
    bags, size, more = rng.randint(3, 12), rng.randint(4, 30), rng.randint(3, 99)
    total = Calculation(bags, "*", size)
    question = (
        f"{name_of(rng)} has {bags} bags of {size} {thing_of(rng)} and finds {more} more. "
        "How many are there now?"
    )
    now = step(Calculation(total.value, "+", more), "how many more")
    return Problem(TOPIC, question, (step(total, "how many in all"), now))


def two_purchases(rng: Random) -> Problem:
    """Two kinds of things bought."""
    a, price_a = rng.randint(2, 12), rng.randint(2, 20)
    b, price_b = rng.randint(2, 12), rng.randint(2, 20)
    one, two = Calculation(a, "*", price_a), Calculation(b, "*", price_b)
    these, those = two_things(rng)
    question = (
        f"{name_of(rng)} buys {a} {these} at {price_a} pounds and {b} {those} "
        f"at {price_b} pounds. What does it cost?"
    )
    both = step(Calculation(one.value, "+", two.value), "both together")
    return Problem(
        TOPIC, question, (step(one, "how many in all"), step(two, "second amount"), both)
    )


def saving(rng: Random) -> Problem:
    """How many weeks of saving are needed."""
    weekly, weeks, have = rng.randint(2, 20), rng.randint(3, 30), rng.randint(5, 90)
    goal = have + weekly * weeks
    missing = Calculation(goal, "-", have)
    all_of_it = Mistake.of("divided-by-one-share", Calculation(goal, "/", weekly))
    question = (
        f"{name_of(rng)} has {have} pounds and saves {weekly} pounds a week. "
        f"How many weeks until it is {goal} pounds?"
    )
    often = step(Calculation(missing.value, "/", weekly), "how often")
    return Problem(TOPIC, question, (step(missing, "still missing", mistakes=(all_of_it,)), often))


def journey(rng: Random) -> Problem:
    """A journey at a steady speed, and the rest of the way."""
    speed, hours = rng.randint(4, 90), rng.randint(2, 9)
    rest = rng.randint(3, 250)
    driven = Calculation(speed, "*", hours)
    question = (
        f"{name_of(rng)} goes {hours} hours at {speed} km an hour. "
        f"The whole way is {speed * hours + rest} km. How far is it still?"
    )
    still = step(Calculation(speed * hours + rest, "-", driven.value), "still missing")
    return Problem(TOPIC, question, (step(driven, "how far"), still))


KINDS = (give_away, find_more, two_purchases, saving, journey)
