"""All topics, and problems drawn from them: endless, seeded, split by what they are.

A problem belongs to the training or to the held-out half of the world by a hash of its identity
(its topic and calculations, not the names in its story). So a held-out problem cannot occur in
training under another name, whatever the seeds.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from random import Random
from types import MappingProxyType

from llmq.practice import (
    arithmetic,
    equations,
    fractions,
    percentages,
    ratios,
    word_problems,
)
from llmq.practice.making import finished
from llmq.practice.problem import Problem

Kind = Callable[[Random], Problem]

TOPICS: Mapping[str, tuple[Kind, ...]] = MappingProxyType(
    {
        module.TOPIC: module.KINDS
        for module in (arithmetic, fractions, ratios, percentages, equations, word_problems)
    }
)


class Split(StrEnum):
    """Which problems may be drawn: those to learn from, or those kept for measuring."""

    TRAINING = "training"
    HELD_OUT = "held-out"


HELD_OUT_SHARE = 10  # one problem in ten


def split_of(problem: Problem) -> Split:
    """The half that `problem` belongs to, on every machine and for every seed."""
    digest = hashlib.sha256(problem.identity.encode()).digest()
    held_out = int.from_bytes(digest[:4], "big") % HELD_OUT_SHARE == 0
    return Split.HELD_OUT if held_out else Split.TRAINING


def make_problem(
    rng: Random, split: Split = Split.TRAINING, *, topic: str | None = None
) -> Problem:
    """One problem of `split`, of a random topic unless one is named (KeyError if unknown)."""
    kinds = TOPICS[topic] if topic is not None else TOPICS[rng.choice(list(TOPICS))]
    kind = rng.choice(kinds)
    while True:
        problem = finished(kind(rng))
        if problem is not None and split_of(problem) is split:
            return problem


def problems(
    seed: int, split: Split = Split.TRAINING, *, topic: str | None = None
) -> Iterator[Problem]:
    """An endless stream of problems; the same seed gives the same stream everywhere."""
    rng = Random(seed)
    while True:
        yield make_problem(rng, split, topic=topic)
