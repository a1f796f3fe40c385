"""What must hold for a course as a whole, before anybody is taught by it."""

import re
from collections.abc import Iterable
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

from llmq.answers import check
from llmq.answers.nodes import TooLargeError, rational
from llmq.answers.readings import readings, tidy
from llmq.errors import CourseError, one_line
from llmq.practice.numerals import mentions
from llmq.spelling import did_you_mean
from llmq.tutor.course.course import Course
from llmq.tutor.exercise import Exercise

MOST_BITS = 200  # of a number that a hint may spell out


def checked(course: Course, place: str) -> Course:
    """The same course. Raises CourseError for what contradicts itself or gives itself away."""
    names = [skill.id for skill in course.skills]
    _once(names, place, "skill")
    _once((each.id for each in course.exercises), place, "exercise")
    if not course.exercises:
        raise CourseError(f"{place}: 0 exercises; add one")
    for skill in course.skills:
        for before in skill.prerequisites:
            _known(before, names, f"{place}: {skill.id}: prerequisite")
    try:
        TopologicalSorter({s.id: s.prerequisites for s in course.skills}).prepare()
    except CycleError as error:
        ring = one_line(" -> ".join(error.args[1]))
        raise CourseError(f"{place}: prerequisites form a ring: {ring}; remove one") from error
    for each in course.exercises:
        at = f"{place}: {one_line(each.id, 60)}"
        _known(each.skill, names, f"{at}: skill")
        check_exercise(each, at)
    return course


def check_exercise(exercise: Exercise, place: str) -> None:
    """Raises CourseError for a key that cannot be compared, and for a hint that tells it."""
    key = exercise.key
    if exercise.choices:
        if key not in exercise.choices:
            raise CourseError(f"{place}: key {one_line(key, 60)!r} is none of its choices; add it")
    else:
        _readable("key", key, place)
    for n, step in enumerate(exercise.steps, 1):
        _readable(f"value of step {n}", step.value, place)
    last = exercise.steps[-1].value if exercise.steps else key
    if not exercise.choices and not check(last, key).right:
        said = f"the last step comes to {one_line(last, 40)!r}, the key is {one_line(key, 40)!r}"
        raise CourseError(f"{place}: {said}; make them equal")
    for text in (*exercise.hints, exercise.example):
        if tells(text, key) and not tells(exercise.question, key):
            raise CourseError(
                f"{place}: {one_line(text, 80)!r} gives the key {one_line(key, 40)!r} away; reword it"
            )


def tells(text: str, key: str) -> bool:
    """Whether the key stands in a text by itself, whatever is around it.

    >>> tells("It is 15.", "15"), tells("Work out 150 / 2.", "15"), tells("It is 1/2.", "0.5")
    (True, False, True)
    """
    inner = re.escape(tidy(key))
    if any(mentions(text, number) for number in _numbers(key)):
        return True
    return re.search(rf"(?<![\w./]){inner}(?![\w/]|\.\d)", text, re.IGNORECASE) is not None


def _numbers(key: str) -> list[Fraction]:
    """The numbers that a key can be read as, none where they are too long to be written."""
    try:
        found = [rational(reading.node) for reading in readings(tidy(key))]
    except TooLargeError:
        return []
    return [n for n in found if n is not None and n.numerator.bit_length() <= MOST_BITS]


def _readable(what: str, value: str, place: str) -> None:
    if not readings(tidy(value)):
        shown = one_line(value, 60)
        raise CourseError(
            f"{place}: the {what}, {shown!r}, is no mathematics that can be compared; "
            "write a number, an expression or an equation, or give choices"
        )


def _once(names: Iterable[str], place: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise CourseError(f"{place}: two {what}s are called {one_line(name, 60)!r}; rename one")
        seen.add(name)


def _known(name: str, names: list[str], place: str) -> None:
    if name not in names:
        hint = did_you_mean(name, names, otherwise="add it to the skills")
        raise CourseError(f"{place} {one_line(name, 60)!r} is no skill; {hint}")
