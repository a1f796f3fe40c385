"""Exact numbers as tutor and student write them: 12, -10, 7/6."""

import re
from fractions import Fraction

NUMBER = r"-?\d+(?:/0*[1-9]\d*)?"


def numbers_in(text: str) -> frozenset[Fraction]:
    """Every number in `text`, fractions whole; a minus counts as a sign only where no number ends.

    >>> sorted(numbers_in("I get 2-12=-10, not 7/6."))
    [Fraction(-10, 1), Fraction(7, 6), Fraction(2, 1), Fraction(12, 1)]
    """
    return frozenset(Fraction(number) for number in re.findall(rf"(?<![\d)]){NUMBER}|\d+", text))


def mentions(text: str, number: Fraction) -> bool:
    """Whether `text` says `number` by itself, not as a part of a calculation.

    >>> mentions("It is 24.", Fraction(24)), mentions("Work out 24/12.", Fraction(24))
    (True, False)
    """
    return re.search(rf"(?<![\w*/+-]){re.escape(str(number))}(?![\w*/+-])", text) is not None
