"""The built-in course: practice problems from sums to linear equations, the same on every machine.

Each exercise carries a worked example of its own kind in which none of its own values occurs.
"""

from functools import cache
from random import Random

from llmq.practice import arithmetic, equations, fractions, percentages, ratios, word_problems
from llmq.practice.making import finished
from llmq.practice.numerals import numbers_in
from llmq.practice.problem import Problem
from llmq.practice.topics import Kind
from llmq.tutor.course.course import Course, Skill
from llmq.tutor.course.practice import exercise_of, worked
from llmq.tutor.exercise import Exercise

PER_SKILL = 26
SEED = 15

# id, name, what comes before, the kinds of problems
SKILLS: tuple[tuple[str, str, tuple[str, ...], tuple[Kind, ...]], ...] = (
    ("sums", "sums and differences", (), (arithmetic.add_three, arithmetic.take_twice)),
    (
        "order", "order of operations", ("sums",),
        (arithmetic.add_product, arithmetic.subtract_product),
    ),
    ("brackets", "brackets", ("order",), (arithmetic.bracket_times,)),
    ("word-problems", "word problems", ("sums",), word_problems.KINDS),
    ("parts", "a fraction of a number", ("sums",), (fractions.part_of_number,)),
    (
        "like-fractions", "fractions over one bottom number", ("parts",),
        (fractions.add_like, fractions.subtract_like),
    ),
    ("unlike-fractions", "unlike fractions", ("like-fractions",), (fractions.add_unlike,)),
    ("ratios", "ratios", ("word-problems",), ratios.KINDS),
    ("percentages", "percentages", ("parts",), (percentages.percent_of,)),
    (
        "price-changes", "prices that change", ("percentages",),
        (percentages.discount, percentages.increase),
    ),
    (
        "equations", "linear equations", ("order",),
        (equations.times_plus, equations.times_minus),
    ),
    ("equations-division", "equations with a division", ("equations",), (equations.over_plus,)),
    (
        "equations-brackets", "equations with brackets", ("equations", "brackets"),
        (equations.bracket,),
    ),
)  # fmt: skip


@cache
def built_in_course() -> Course:
    """Arithmetic to linear equations."""
    skills = tuple(Skill(name, title, before) for name, title, before, _ in SKILLS)
    exercises = [each for name, _, _, kinds in SKILLS for each in _exercises(name, kinds)]
    return Course("practice", skills, tuple(exercises))


def _exercises(skill: str, kinds: tuple[Kind, ...]) -> list[Exercise]:
    rng = Random(f"{SEED} {skill}")  # a text seeds alike everywhere
    found: dict[str, Exercise] = {}
    while len(found) < PER_SKILL:
        kind = kinds[len(found) % len(kinds)]
        problem = _drawn(kind, rng)
        if problem.identity not in found:
            name = f"{skill}-{len(found) + 1:02}"
            example = _unlike(problem, kind, rng)
            found[problem.identity] = exercise_of(problem, name=name, skill=skill, example=example)
    return list(found.values())


def _drawn(kind: Kind, rng: Random) -> Problem:
    while True:
        problem = finished(kind(rng))
        if problem is not None:
            return problem


def _unlike(problem: Problem, kind: Kind, rng: Random) -> Problem:
    """A problem of the kind that, worked out, shows no value of `problem`."""
    hidden = {step.value for step in problem.steps}
    while True:
        other = _drawn(kind, rng)
        if not hidden & numbers_in(worked(other)):
            return other
