"""The misconceptions behind typical wrong answers, and the slips that every operation invites."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from llmq.practice.problem import Calculation, Mistake

MISCONCEPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "added-instead": "adds where the step multiplies or subtracts",
        "subtracted-instead": "subtracts where the step adds or divides",
        "multiplied-instead": "multiplies where the step divides",
        "lost-ten": "forgets to carry a ten",
        "kept-ten": "forgets that a ten was borrowed",
        "one-off": "miscounts by one",
        "one-group-more": "counts one group too many",
        "one-group-less": "counts one group too few",
        "swapped-digits": "writes the digits in the wrong order",
        "order-of-operations": "works from left to right although a product comes first",
        "ignored-brackets": "works out the product before the brackets",
        "added-bottoms": "adds the bottom numbers of two fractions as well",
        "used-top-number": "divides by the top number of the fraction",
        "took-other-share": "takes the other share of the ratio",
        "divided-by-one-share": "divides by one share instead of by all parts",
        "additive-ratio": "adds the difference where the ratio multiplies",
        "percent-as-amount": "uses the percentage as if it were the amount",
        "hundredth": "divides by a hundred where a tenth is asked for",
        "same-operation": "repeats the operation of the equation instead of undoing it",
    }
)

_Slip = tuple[str, Callable[[Calculation], Fraction]]


def _reversed_digits(calculation: Calculation) -> Fraction:
    value = calculation.value
    if value.denominator != 1 or value < 0:
        return value
    return Fraction(str(value)[::-1])


_EVERY: tuple[_Slip, ...] = (
    ("swapped-digits", _reversed_digits),
    ("one-off", lambda c: c.value + Fraction(1, c.value.denominator)),
)
SLIPS: Mapping[str, tuple[_Slip, ...]] = MappingProxyType(
    {
        "+": (("lost-ten", lambda c: c.value - 10), *_EVERY),
        "-": (("kept-ten", lambda c: c.value + 10), *_EVERY),
        "*": (
            ("one-group-more", lambda c: c.value + c.left),
            ("one-group-less", lambda c: c.value - c.left),
            ("lost-ten", lambda c: c.value - 10),
            *_EVERY,
        ),
        "/": (("one-off", lambda c: c.value - 1), ("kept-ten", lambda c: c.value + 10), *_EVERY),
    }
)
SWAPS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "+": (("subtracted-instead", "-"),),
        "-": (("added-instead", "+"),),
        "*": (("added-instead", "+"),),
        "/": (("subtracted-instead", "-"), ("multiplied-instead", "*")),
    }
)


def typical_mistakes(calculation: Calculation) -> tuple[Mistake, ...]:
    """The slips and swapped operations that `calculation` invites; some may equal its value."""
    slips = (Mistake(name, wrong(calculation)) for name, wrong in SLIPS[calculation.sign])
    swaps = (
        Mistake.of(name, Calculation(calculation.left, sign, calculation.right))
        for name, sign in SWAPS[calculation.sign]
    )
    return (*slips, *swaps)
