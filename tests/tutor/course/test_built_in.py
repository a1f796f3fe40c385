"""The built-in course: large enough, exact, and it tells nothing."""

from fractions import Fraction

from llmq.answers import check
from llmq.practice.numerals import numbers_in
from llmq.tutor.course import built_in_course
from llmq.tutor.course.checking import checked


def test_it_holds_what_a_course_must() -> None:
    course = checked(built_in_course(), "built-in")
    assert len(course.exercises) >= 300
    assert len(course.skills) >= 6
    assert {each.skill for each in course.exercises} == {skill.id for skill in course.skills}
    built_in_course.cache_clear()
    assert built_in_course() == course


def test_steps_lead_to_the_key_and_slips_miss_them() -> None:
    for exercise in built_in_course().exercises:
        assert exercise.steps[-1].value == exercise.key
        for step in exercise.steps:
            assert check(step.work, step.value).right, step
            assert step.slips
            for value, sentence in step.slips:
                assert not check(value, step.value).right
                assert not numbers_in(sentence)


def test_an_example_shows_no_value_of_its_exercise() -> None:
    for exercise in built_in_course().exercises:
        hidden = {Fraction(step.value) for step in exercise.steps}
        assert exercise.example
        assert not hidden & numbers_in(exercise.example)
        assert exercise.question not in exercise.example
