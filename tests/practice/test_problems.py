"""Laws that every topic's problems obey, and keys found a second way."""

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from operator import add, mul, sub, truediv
from random import Random

import pytest

from llmq.practice.making import finished
from llmq.practice.misconceptions import MISCONCEPTIONS
from llmq.practice.numerals import mentions
from llmq.practice.problem import Calculation, Mistake, Problem
from llmq.practice.topics import TOPICS, Kind, Split, make_problem, problems, split_of

COUNT = 60
SIGNS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
}
KINDS = [kind for kinds in TOPICS.values() for kind in kinds]


@pytest.fixture(params=TOPICS)
def some(request: pytest.FixtureRequest) -> list[Problem]:
    """Problems of one topic, of both splits."""
    return [
        problem
        for split in Split
        for problem in islice(problems(5, split, topic=request.param), COUNT)
    ]


def test_the_key_is_the_last_steps_value(some: list[Problem]) -> None:
    for problem in some:
        written = re.fullmatch(r"(-?\d+)([-+*/])(-?\d+)", str(problem.steps[-1].calculation))
        assert written is not None
        left, sign, right = written.groups()
        assert problem.key == SIGNS[sign](Fraction(left), Fraction(right)), problem


def test_mistakes_are_wrong_named_and_plausible(some: list[Problem]) -> None:
    for problem in some:
        values = {step.value for step in problem.steps}
        for step in problem.steps:
            assert len(step.mistakes) >= 2
            for mistake in step.mistakes:
                assert mistake.value not in values
                assert mistake.misconception in MISCONCEPTIONS
                if mistake.instead:
                    assert mistake.value == mistake.instead.value


def test_every_misconception_is_met_somewhere() -> None:
    met = {
        mistake.misconception
        for topic in TOPICS
        for problem in islice(problems(1, topic=topic), 300)
        for step in problem.steps
        for mistake in step.mistakes
    }
    assert met == set(MISCONCEPTIONS)


def test_hints_climb_to_the_calculation_and_never_tell(some: list[Problem]) -> None:
    for problem in some:
        assert problem.key not in problem.given
        assert not mentions(problem.question, problem.key)
        for step in problem.steps:
            assert len(set(step.hints)) == 3
            assert str(step.calculation) in step.hints[-1]
            assert not any(mentions(hint, problem.key) for hint in step.hints)
            assert not any(mentions(hint, step.value) for hint in step.hints)


def test_numbers_stay_readable(some: list[Problem]) -> None:
    for problem in some:
        said = [s.value for s in problem.steps] + [
            m.value for s in problem.steps for m in s.mistakes
        ]
        assert all(abs(value.numerator) < 1000 and value.denominator <= 60 for value in said)


@pytest.mark.parametrize("topic", TOPICS)
def test_the_same_seed_gives_the_same_problems(topic: str) -> None:
    first, again, other = (list(islice(problems(s, topic=topic), 30)) for s in (8, 8, 9))
    assert first == again
    assert first != other


def test_held_out_problems_never_occur_in_training() -> None:
    training = {problem.identity for problem in islice(problems(1), 3000)}
    held_out = {problem.identity for problem in islice(problems(2, Split.HELD_OUT), 1000)}
    assert training.isdisjoint(held_out)
    assert len(held_out) > 800


def test_one_problem_in_ten_is_held_out() -> None:
    rng = Random(3)
    drawn = [finished(rng.choice(KINDS)(rng)) for _ in range(3000)]
    known = [split_of(problem) for problem in drawn if problem]
    assert 0.08 < known.count(Split.HELD_OUT) / len(known) < 0.12


def test_the_split_looks_at_the_calculations_not_at_the_story() -> None:
    problem = make_problem(Random(1), topic="word problems")
    renamed = Problem(problem.topic, problem.question.replace("How", "Say how"), problem.steps)
    assert renamed.identity == problem.identity
    assert split_of(renamed) is split_of(problem)


def test_an_unknown_topic_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="astrology"):
        make_problem(Random(1), topic="astrology")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_enough_drafts_are_fit_for_use(kind: Kind) -> None:
    rng = Random(4)
    assert sum(finished(kind(rng)) is not None for _ in range(200)) > 50


def test_a_draft_that_shows_its_key_is_refused(some: list[Problem]) -> None:
    problem = some[0]
    telling = Problem(problem.topic, f"{problem.question} Is it {problem.key}?", problem.steps)
    assert finished(telling) is None
    assert finished(problem) == problem


def test_a_mistake_of_a_calculation_has_its_value() -> None:
    mistake = Mistake.of("added-instead", Calculation(3, "+", 12))
    assert mistake.value == 15


# The question read anew, and solved another way.


def solved_sum(question: str) -> Fraction:
    """ "Work out (7 + 5) * 4." by Python's own precedence."""
    value = eval(question.removeprefix("Work out ").removesuffix("."))  # our own text
    return Fraction(value)


def solved_fractions(question: str) -> Fraction:
    """A part of a whole, a sum or a difference, by exact fractions."""
    first, second = (Fraction(n) for n in re.findall(r"\d+(?:/\d+)?", question))
    if question.startswith("What"):
        return first * second
    return first + second if question.startswith("Add") else second - first


def solved_ratio(question: str) -> Fraction:
    """A share by the ratio, or a price by proportion."""
    a, b, c = (int(n) for n in re.findall(r"\d+", question))
    return Fraction(a * b, b + c) if "share" in question else Fraction(b, a) * c


def solved_percentage(question: str) -> Fraction:
    """A part, a price less a part, or a price and a part."""
    first, second = (int(n) for n in re.findall(r"\d+", question))
    if question.startswith("What"):
        return Fraction(first * second, 100)
    return Fraction(first * (100 + second * (1 if "goes up" in question else -1)), 100)


def solved_equation(question: str) -> Fraction:
    """x from the equation's values at 0 and 1: it is a straight line."""
    left, right = question.removeprefix("Solve ").removesuffix(".").split(" = ")
    written = re.sub(r"(\d)([x(])", r"\1*\2", left)
    at_0, at_1 = (eval(written, {"x": Fraction(x)}) for x in (0, 1))  # our own text
    return Fraction((Fraction(right) - at_0) / (at_1 - at_0))


STORIES: dict[str, Callable[..., Fraction]] = {
    "gives": lambda boxes, size, gone: boxes * size - gone,
    "finds": lambda bags, size, more: bags * size + more,
    "buys": lambda a, price_a, b, price_b: a * price_a + b * price_b,
    "saves": lambda have, weekly, goal: (goal - have) / weekly,
    "goes": lambda hours, speed, way: way - hours * speed,
}


def solved_story(question: str) -> Fraction:
    """By the verb of the story."""
    (verb,) = STORIES.keys() & set(question.split())
    return STORIES[verb](*(Fraction(number) for number in re.findall(r"\d+", question)))


SOLVERS: dict[str, Callable[[str], Fraction]] = {
    "arithmetic": solved_sum,
    "fractions": solved_fractions,
    "ratios": solved_ratio,
    "percentages": solved_percentage,
    "linear equations": solved_equation,
    "word problems": solved_story,
}


@pytest.mark.parametrize("topic", TOPICS)
def test_the_key_solves_the_question(topic: str) -> None:
    for problem in islice(problems(11, topic=topic), COUNT):
        assert SOLVERS[topic](problem.question) == problem.key, problem.question
