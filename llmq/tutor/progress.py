"""What /progress and /why show, as rows; the terminal prints them."""

from dataclasses import dataclass
from datetime import datetime

from llmq.tutor.choosing import due_words
from llmq.tutor.course.course import Course
from llmq.tutor.learner import Learner


@dataclass(frozen=True)
class Row:
    """One skill: `mastery` from 0 to 1, how many answers, when its review is due in words."""

    skill: str
    mastery: float
    attempts: int
    right: int
    due: str


def progress(course: Course, learner: Learner, at: datetime) -> tuple[Row, ...]:
    """One row a skill, in the order of the course."""
    return tuple(
        Row(
            skill.name,
            learner.mastery(skill.id),
            learner.attempts(skill.id),
            state.right if (state := learner.skills.get(skill.id)) else 0,
            due_words(learner, skill.id, at),
        )
        for skill in course.skills
    )
