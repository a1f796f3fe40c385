"""Arithmetic: which operation comes first."""

from random import Random

from llmq.practice.making import step
from llmq.practice.problem import Calculation, Mistake, Problem

TOPIC = "arithmetic"


def add_product(rng: Random) -> Problem:
    """A sum with a product in it: 7 + 3 * 12."""
    a, b, c = rng.randint(5, 99), rng.randint(3, 12), rng.randint(3, 25)
    product = Calculation(b, "*", c)
    left_first = Mistake.of("order-of-operations", Calculation(a, "+", b))
    return Problem(
        TOPIC,
        f"Work out {a} + {b} * {c}.",
        (
            step(product, "product first", mistakes=(left_first,)),
            step(Calculation(a, "+", product.value), "then add"),
        ),
    )


def subtract_product(rng: Random) -> Problem:
    """A difference with a product in it: 90 - 3 * 12."""
    b, c = rng.randint(3, 12), rng.randint(3, 20)
    a = b * c + rng.randint(5, 99)
    product = Calculation(b, "*", c)
    left_first = Mistake.of("order-of-operations", Calculation(a, "-", b))
    return Problem(
        TOPIC,
        f"Work out {a} - {b} * {c}.",
        (
            step(product, "product first", mistakes=(left_first,)),
            step(Calculation(a, "-", product.value), "then subtract"),
        ),
    )


def bracket_times(rng: Random) -> Problem:
    """A bracket and a factor: (7 + 5) * 4."""
    a, b, c = rng.randint(3, 40), rng.randint(3, 30), rng.randint(3, 12)
    bracket = Calculation(a, "+", b)
    product_first = Mistake.of("ignored-brackets", Calculation(b, "*", c))
    return Problem(
        TOPIC,
        f"Work out ({a} + {b}) * {c}.",
        (
            step(bracket, "brackets first", mistakes=(product_first,)),
            step(Calculation(bracket.value, "*", c), "then multiply"),
        ),
    )


def take_twice(rng: Random) -> Problem:
    """Two numbers taken away: 120 - 34 - 19."""
    b, c = rng.randint(6, 90), rng.randint(6, 90)
    a = b + c + rng.randint(5, 300)
    first = Calculation(a, "-", b)
    return Problem(
        TOPIC,
        f"Work out {a} - {b} - {c}.",
        (
            step(first, "left to right"),
            step(Calculation(first.value, "-", c), "then subtract"),
        ),
    )


def add_three(rng: Random) -> Problem:
    """Three numbers added: 57 + 86 + 49."""
    a, b, c = rng.randint(12, 299), rng.randint(12, 199), rng.randint(12, 99)
    first = Calculation(a, "+", b)
    return Problem(
        TOPIC,
        f"Work out {a} + {b} + {c}.",
        (step(first, "left to right"), step(Calculation(first.value, "+", c), "then add")),
    )


KINDS = (add_product, subtract_product, bracket_times, take_twice, add_three)
