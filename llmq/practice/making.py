"""What all topics share: a step from a calculation and a guide; which drafts are fit for use."""

from dataclasses import replace
from fractions import Fraction

from llmq.practice.guides import GUIDES
from llmq.practice.misconceptions import typical_mistakes
from llmq.practice.problem import Calculation, Mistake, Problem, Step

LARGEST = 999


def step(calculation: Calculation, guide: str, *, mistakes: tuple[Mistake, ...] = ()) -> Step:
    """A step with the mistakes of its topic and those that its operation invites."""
    return Step(calculation, GUIDES[guide], (*mistakes, *typical_mistakes(calculation)))


def finished(draft: Problem) -> Problem | None:
    """`draft` without the mistakes that mislead, or None if it would give its own key away.

    A mistake must not be the value of any step (a student who says it would be right about
    something), must not be negative unless the step is, and must stay readable. A problem whose key
    is one of the numbers it shows is refused: then no hint can tell the key by accident.
    """
    values = {item.value for item in draft.steps}
    if not _fit(draft, values):
        return None
    steps = tuple(
        replace(item, mistakes=tuple(m for m in item.mistakes if _usable(m, item, values)))
        for item in draft.steps
    )
    if any(len(item.mistakes) < 2 for item in steps):
        return None
    return replace(draft, steps=steps)


def _fit(draft: Problem, values: set[Fraction]) -> bool:
    """Whether every step has a readable value of its own, and nothing shown is the key."""
    if draft.key in draft.given or len(values) < len(draft.steps):
        return False
    # 3/7 is 3/7: the last hint would be the value itself
    shown = any(str(item.calculation) == str(item.value) for item in draft.steps)
    return not shown and all(map(_readable, values))


def _usable(mistake: Mistake, owner: Step, values: set[Fraction]) -> bool:
    if mistake.value in values or not _readable(mistake.value):
        return False
    return mistake.value >= 0 or owner.value < 0


def _readable(value: Fraction) -> bool:
    return abs(value.numerator) <= LARGEST and value.denominator <= 60
