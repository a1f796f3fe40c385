"""Which exercise comes next, and why: due reviews first, then what is likely but not sure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from llmq.tutor.course.course import Course, Skill
from llmq.tutor.exercise import Exercise
from llmq.tutor.learner import Learner

LIKELY = (0.6, 0.85)  # predicted success: neither boring nor discouraging
MASTERED = 0.7  # from which a skill opens those that build on it


@dataclass(frozen=True)
class Chosen:
    """An exercise and the sentence that says why it is this one."""

    exercise: Exercise
    why: str


def next_exercise(course: Course, learner: Learner, at: datetime, rng: Random) -> Chosen | None:
    """The exercise to put at `at`; None where the course has none."""
    able = [s for s in course.skills if _pool(course, s.id)]
    if not able:
        return None
    opened = [s for s in able if _is_open(s, learner)] or able
    last = learner.recent[-1] if learner.recent else ""
    fresh = [s for s in opened if {e.id for e in _pool(course, s.id)} != {last}] or opened
    order = {name: n for n, name in enumerate(learner.due(at))}
    waiting = sorted((s for s in able if s.id in order), key=lambda s: order[s.id])
    skill = waiting[0] if waiting else _most_fitting(fresh, learner)
    pool = _pool(course, skill.id)
    unseen = [e for e in pool if e.id not in learner.recent]
    unlike_last = [e for e in pool if e.id != last]
    exercise = rng.choice(unseen or unlike_last or pool)
    return Chosen(exercise, _why(skill, learner, at))


def _most_fitting(skills: list[Skill], learner: Learner) -> Skill:
    """The skill whose success is the nearest to likely; what is nearly sure only if all is."""
    learning = [s for s in skills if learner.success(s.id) <= LIKELY[1]] or skills
    return min(learning, key=lambda s: _distance(learner.success(s.id)))


def _pool(course: Course, skill: str) -> list[Exercise]:
    return [each for each in course.exercises if each.skill == skill]


def _is_open(skill: Skill, learner: Learner) -> bool:
    return all(learner.mastery(name) >= MASTERED for name in skill.prerequisites)


def _distance(success: float) -> float:
    """How far a predicted success is from what is likely but not sure."""
    low, high = LIKELY
    return max(low - success, 0.0, success - high)


def _why(skill: Skill, learner: Learner, at: datetime) -> str:
    tenths = round(10 * learner.success(skill.id))
    if not learner.attempts(skill.id):
        return f"{skill.name}: new to you; about {tenths} of 10 should go right"
    review = due_words(learner, skill.id, at)
    return f"{skill.name}: you get {tenths} of 10 right" + (f"; {review}" if review else "")


def due_words(learner: Learner, skill: str, at: datetime) -> str:
    """When the review of a skill is or was due, in words; empty where there is none."""
    state = learner.skills.get(skill)
    if state is None or state.card is None:
        return ""
    now = at.astimezone(UTC)
    days = (state.card.due.date() - now.date()).days
    when = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(
        days, f"in {days} days" if days > 0 else f"{-days} days ago"
    )
    return f"review {'was' if state.card.due <= now else 'is'} due {when}"
