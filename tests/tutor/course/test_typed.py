"""Problems that a student types."""

from fractions import Fraction
from random import Random

import pytest

from llmq.answers import check
from llmq.errors import CourseError
from llmq.practice.numerals import numbers_in
from llmq.tutor.course import exercise_of_text


@pytest.mark.parametrize(
    ("text", "key", "n_steps"),
    [
        ("3/4 of 20", "15", 2), ("12*21+19", "271", 2), ("Solve 3x + 5 = 20", "5", 2),
        ("2(x+3)=14", "4", 3), ("30% of 240", "72", 2), ("30 percent of 240", "72", 2),
        ("What is 5 - 2*3?", "-1", 2), ("1/2 + 1/3", "5/6", 1), ("3x + 2 = x - 6", "-4", 3),
        ("x/4 + 5 = 12", "28", 2), ("(2+3)*4", "20", 2), ("2 - 3(x - 1) = 8", "-1", 3),
        ("20 = 3x + 5", "5", 2), ("2^10", "1024", 1), ("2,5 + 1", "7/2", 1), ("x = 3x - 8", "4", 3),
    ],
)  # fmt: skip
def test_it_is_worked_out(text: str, key: str, n_steps: int) -> None:
    exercise = exercise_of_text(text)
    assert (exercise.key, len(exercise.steps)) == (key, n_steps)
    for step in exercise.steps:
        assert check(step.work, step.value).right, step
    assert exercise.example
    assert not {Fraction(key)} & numbers_in(exercise.example)


def test_random_equations_hold() -> None:
    rng = Random(3)
    for _ in range(200):
        a, b, x = rng.randint(2, 12), rng.randint(1, 40), rng.randint(-20, 20)
        assert exercise_of_text(f"{a}(x + {b}) = {a * (x + b)}").key == str(x)
        assert exercise_of_text(f"{a}x - {b} = x + {(a - 1) * x - b}").key == str(x)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x^2 = 4", "not linear"), ("x = x", "every number"), ("x = x + 1", "no number"),
        ("hello", "no mathematics"), ("3/4", "nothing left"), ("1/0", "no sum"), ("x/0 = 1", "by zero"), ("x + y = 3", "2 letters"),
        ("9^9^9", "too large"), ("9999^1400", "too large"), ("3x < 6", "only equations"), ("", "no mathematics"),
        ("2x + 3", "no equals sign"), ("\x1b[31m", "no mathematics"), ("5/x = 1", "divides"),
        ("9" * 5000, "no mathematics"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(CourseError, match=why) as refused:
        exercise_of_text(text)
    assert str(refused.value).isprintable()
