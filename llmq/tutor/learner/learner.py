"""A learner as a value: what each answer did to each skill. JSON in and out, no clock, no file.

How an answer counts depends on the help before it (`level`, 0 to 4). Up to a named idea (1) it is
the learner's own. After a pointed-out error or a worked example (2, 3) a right answer proves
nothing: the skill only had an occasion to be learned, and its review comes sooner. After the answer
was told (4) it counts as not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fsrs import Card

from llmq.tutor.learner.bkt import STANDARD, Parameters, learned, predicted, updated
from llmq.tutor.learner.reviews import reviewed

OWN_WORK = 1  # the highest level after which a right answer is the learner's own
TOLD = 4
MOST_RECENT = 20


@dataclass(frozen=True)
class SkillState:
    """One skill: how likely it is known, before and after the last answer, and its review."""

    known: float
    before: float
    attempts: int = 0
    right: int = 0
    card: Card | None = None


@dataclass(frozen=True)
class Learner:
    """All skills of one learner; `recent` are the exercises last asked, the newest last."""

    skills: Mapping[str, SkillState] = field(default_factory=dict)
    recent: tuple[str, ...] = ()
    parameters: Mapping[str, Parameters] = field(default_factory=dict)

    def of(self, skill: str) -> Parameters:
        """The parameters of a skill."""
        return self.parameters.get(skill, STANDARD)

    def mastery(self, skill: str) -> float:
        """How likely the skill is known, 0 to 1."""
        state = self.skills.get(skill)
        return state.known if state else self.of(skill).init

    def success(self, skill: str) -> float:
        """How likely the next answer is right, 0 to 1."""
        return predicted(self.mastery(skill), self.of(skill))

    def attempts(self, skill: str) -> int:
        """How many answers were given."""
        state = self.skills.get(skill)
        return state.attempts if state else 0

    def observed(self, skill: str, right: bool, at: datetime, *, level: int = 0) -> "Learner":
        """The learner after an answer at `at`, given with help up to `level`."""
        known, parameters = self.mastery(skill), self.of(skill)
        right = right and level < TOLD
        helped = right and level > OWN_WORK
        after = learned(known, parameters) if helped else updated(known, parameters, right=right)
        old = self.skills.get(skill, SkillState(known, known))
        rating = "hard" if helped else "good" if right else "again"
        state = SkillState(
            after, known, old.attempts + 1, old.right + right, reviewed(old.card, rating, at)
        )
        return replace(self, skills={**self.skills, skill: state})

    def asked(self, exercise: str) -> "Learner":
        """The learner after an exercise was put."""
        return replace(self, recent=(*self.recent, exercise)[-MOST_RECENT:])

    def due(self, at: datetime) -> tuple[str, ...]:
        """The skills whose review is due at `at`, the longest overdue first."""
        cards = ((s.card.due, skill) for skill, s in self.skills.items() if s.card is not None)
        return tuple(skill for due, skill in sorted(cards) if due <= at.astimezone(UTC))

    def last_move(self, skill: str) -> str:
        """What the last answer did: "fractions 42 % -> 58 %"; empty where none was given."""
        state = self.skills.get(skill)
        return (
            f"{skill} {state.before:.0%} -> {state.known:.0%}".replace("%", " %") if state else ""
        )

    def to_json(self) -> str:
        """The record; parameters stay with the course."""
        from llmq.tutor.learner.record import written

        return written(self)

    @classmethod
    def from_json(cls, text: str, parameters: Mapping[str, Parameters] | None = None) -> "Learner":
        """The learner of a record. Raises CourseError for what is none."""
        from llmq.tutor.learner.record import read

        return read(text, parameters or {})
