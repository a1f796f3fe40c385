"""A course as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from llmq.tutor.exercise import Exercise
from llmq.tutor.learner.bkt import STANDARD, Parameters


@dataclass(frozen=True)
class Skill:
    """What can be learned; `prerequisites` are the ids of the skills that come before it."""

    id: str
    name: str
    prerequisites: tuple[str, ...] = ()
    parameters: Parameters = STANDARD


@dataclass(frozen=True)
class Course:
    """Skills and exercises; every exercise's skill is one of the skills."""

    name: str
    skills: tuple[Skill, ...]
    exercises: tuple[Exercise, ...]

    @cached_property
    def parameters(self) -> Mapping[str, Parameters]:
        """What a learner of this course starts from."""
        return {skill.id: skill.parameters for skill in self.skills}

    def skill(self, name: str) -> Skill | None:
        """The skill of an id."""
        return next((skill for skill in self.skills if skill.id == name), None)

    def exercise(self, name: str) -> Exercise | None:
        """The exercise of an id."""
        return next((each for each in self.exercises if each.id == name), None)
