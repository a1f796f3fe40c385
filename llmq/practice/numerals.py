"""Exact numbers as tutor and student write them: 12, -10, 7/6."""

import re
from fractions import Fraction

NUMBER = r"-?\d+(?:/\d+)?"
FOUND = re.compile(r"(?:(?<![\d)])-)?(?:\d+/0*[1-9]\d*(?!\.?\d)|\d+(?:\.\d+)?)")


def numbers_in(text: str) -> frozenset[Fraction]:
    """Every number in `text`, fractions whole; a minus counts as a sign only where no number ends.

    >>> sorted(map(str, numbers_in("I get 2-12=-10, not 7/6; 9.6/0.4, 5/0")))
    ['-10', '0', '12', '2', '2/5', '48/5', '5', '7/6']
    """
    return frozenset(map(Fraction, FOUND.findall(text)))


def mentions(text: str, number: Fraction) -> bool:
    """Whether `text` says `number` by itself, not as a part of a calculation.

    >>> mentions("It is 24.", Fraction(24)), mentions("Work out 24/12.", Fraction(24))
    (True, False)
    """
    return re.search(rf"(?<![\w*/+-]){re.escape(str(number))}(?![\w*/+-])", text) is not None
