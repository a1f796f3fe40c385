"""Which exercise comes next."""

from datetime import UTC, datetime, timedelta
from random import Random

from llmq.tutor.choosing import LIKELY, next_exercise
from llmq.tutor.course import Course, Skill, built_in_course
from llmq.tutor.exercise import Exercise
from llmq.tutor.learner import Learner, Parameters
from llmq.tutor.progress import progress

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def skill(name: str, success: float, *before: str) -> Skill:
    """A skill whose first answer is right with this probability."""
    return Skill(name, name, before, Parameters(init=success, slip=0, guess=0))


def course(*skills: Skill) -> Course:
    """Two exercises a skill."""
    each = (Exercise(f"{s.id}-{n}", s.id, f"Work out 1 + {n}.", "9") for s in skills for n in "12")
    return Course("c", skills, tuple(each))


def chosen(which: Course, learner: Learner | None = None, seed: int = 1) -> str:
    start = learner or Learner(parameters=which.parameters)
    found = next_exercise(which, start, AT, Random(seed))
    assert found
    return found.exercise.skill


def test_success_is_likely_but_not_sure() -> None:
    assert chosen(course(skill("hard", 0.4), skill("fit", 0.7), skill("sure", 0.95))) == "fit"
    assert chosen(course(skill("hardest", 0.1), skill("hard", 0.4))) == "hard"
    assert chosen(course(skill("hardest", 0.1), skill("sure", 0.9))) == "hardest"
    assert chosen(course(skill("sure", 0.95), skill("surer", 0.99))) == "sure"


def test_prerequisites_come_first() -> None:
    assert chosen(course(skill("first", 0.3), skill("then", 0.7, "first"))) == "first"
    assert chosen(course(skill("first", 0.9), skill("then", 0.7, "first"))) == "then"


def test_a_due_review_comes_before_everything() -> None:
    both = course(skill("known", 0.99), skill("fit", 0.7))
    seen = Learner(parameters=both.parameters).observed("known", True, AT - timedelta(days=1))
    found = next_exercise(both, seen, AT, Random(1))
    assert found
    assert found.exercise.skill == "known"
    assert found.why == "known: you get 10 of 10 right; review was due yesterday"


def test_no_exercise_comes_twice_in_a_row() -> None:
    one, learner = course(skill("fit", 0.7)), Learner()
    last = ""
    for n in range(20):
        found = next_exercise(one, learner, AT, Random(n))
        assert found
        assert found.exercise.id != last
        last, learner = found.exercise.id, learner.asked(found.exercise.id)


def test_a_learner_who_answers_well_sees_every_skill() -> None:
    built_in, at, seen = built_in_course(), AT, set()
    learner = Learner(parameters=built_in.parameters)
    for n in range(120):
        found = next_exercise(built_in, learner, at, Random(n))
        assert found
        name = found.exercise.skill
        seen.add(name)
        learner = learner.asked(found.exercise.id).observed(name, True, at)
        at += timedelta(seconds=30)
    assert seen == {each.id for each in built_in.skills}
    rows = progress(built_in, learner, at)
    assert sum(row.attempts for row in rows) == sum(row.right for row in rows) == 120
    assert all(row.mastery > LIKELY[1] and row.due for row in rows)


def test_an_empty_course_has_nothing_to_choose() -> None:
    assert next_exercise(Course("c", (), ()), Learner(), AT, Random(1)) is None
