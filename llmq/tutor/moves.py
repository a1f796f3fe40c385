"""What the policy decides about a student's turn: the verdict, what the model may say, how far."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """The ladder of hints: what a tutor may give away, the higher the more."""

    GOAL = 0  # restates what is asked for
    CONCEPT = 1  # names the idea
    ERROR = 2  # points at the error, or at the step that comes next
    EXAMPLE = 3  # works out an exercise like it
    ANSWER = 4  # tells


class Kind(StrEnum):
    """What a move does."""

    FREE = "free"  # no exercise is open: the tutor explains freely
    ASIDE = "aside"  # a question beside the open exercise: explained freely, its key guarded
    NUDGE = "nudge"  # an empty or effortless turn: the level stays
    HINT = "hint"  # help was asked for
    STEP = "step"  # a right step that is not the answer yet
    WRONG = "wrong"  # a wrong attempt
    SOLVED = "solved"  # the right answer
    TOLD = "told"  # level 4: the answer is given, step by step


@dataclass(frozen=True)
class Observation:
    """An answer of the student to a question of the tutor: what moves the mastery of a skill."""

    skill: str
    right: bool


@dataclass(frozen=True)
class Move:
    """The answer of the policy to one turn of the student.

    `said` is what the program itself says first (the verdict: never the model's), `brief` what the
    model is told about this turn, empty where the program alone answers, `fallback` the authored
    hint that stands in for what the guard withholds, `level` how much may be given away.
    """

    kind: Kind
    said: str
    brief: str
    fallback: str
    level: Level
    observations: tuple[Observation, ...] = ()
