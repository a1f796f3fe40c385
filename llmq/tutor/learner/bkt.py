"""Bayesian Knowledge Tracing: how likely a skill is known, after each answer.

Corbett and Anderson 1995, Knowledge Tracing; the numbers are those of pyBKT without forgetting.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """Of one skill: known at the start, learned at each answer, slipped, guessed."""

    init: float = 0.3
    learn: float = 0.15
    slip: float = 0.1
    guess: float = 0.2


STANDARD = Parameters()  # of a skill that a course says nothing of


def predicted(known: float, parameters: Parameters) -> float:
    """How likely the next answer is right.

    >>> round(predicted(0.5, Parameters(slip=0.1, guess=0.2)), 3)
    0.55
    """
    return known * (1 - parameters.slip) + (1 - known) * parameters.guess


def learned(known: float, parameters: Parameters) -> float:
    """How likely the skill is known after an occasion to learn that shows nothing."""
    return known + (1 - known) * parameters.learn


def updated(known: float, parameters: Parameters, *, right: bool) -> float:
    """How likely the skill is known after an answer: Bayes' rule, then an occasion to learn."""
    if right:
        said, if_known = predicted(known, parameters), 1 - parameters.slip
    else:
        said, if_known = 1 - predicted(known, parameters), parameters.slip
    return learned(known * if_known / said if said > 0 else known, parameters)
