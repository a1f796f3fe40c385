"""Equations on the way: whether the key solves one that a student has written."""

import re

from llmq.answers.checking import check


def right_side(said: str, key: str) -> str | None:
    """What stands on the right of an equation that `key` solves, and not every number.

    None where `said` is no such equation.

    >>> [right_side(said, "x = 5") for said in ("3x = 15", "3x = 25", "x = x", "15")]
    ['15', None, None, None]
    """
    letters = set(re.findall(r"[A-Za-z]", said))
    sides = said.split("=")
    value = key.rpartition("=")[2].strip()
    if len(letters) != 1 or len(sides) != 2 or not value:
        return None
    letter = letters.pop()
    if _holds(sides, letter, value) and not _holds(sides, letter, f"{value}+1"):
        return sides[1].strip()
    return None


def _holds(sides: list[str], letter: str, value: str) -> bool:
    left, right = (_put(side, letter, value) for side in sides)
    return check(left, right).right


def _put(side: str, letter: str, value: str) -> str:
    """The side with the value in the letter's place."""
    factors = re.sub(rf"(?<=[\d)])\s*{letter}", f"*({value})", side.strip())
    return factors.replace(letter, f"({value})")
