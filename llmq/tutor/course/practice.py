"""A practice problem as an exercise: its steps, and the slips that its mistakes explain."""

from llmq.practice.misconceptions import MISCONCEPTIONS
from llmq.practice.problem import Calculation, Problem
from llmq.practice.problem import Step as PracticeStep
from llmq.tutor.exercise import Exercise, Step


def exercise_of(
    problem: Problem, *, name: str = "", skill: str = "", example: Problem | None = None
) -> Exercise:
    """`problem` as an exercise; `example` is one of the same kind, which is shown worked out."""
    return Exercise(
        id=name or problem.identity,
        skill=skill or problem.topic,
        question=problem.question,
        key=str(problem.key),
        steps=tuple(map(_step, problem.steps)),
        goal=f"The task is: {problem.question}",
        example=worked(example) if example else "",
    )


def worked(problem: Problem) -> str:
    """A problem with its steps and what comes out of each."""
    lines = (f"{s.guide.do} {_spaced(s.calculation)} = {s.value}." for s in problem.steps)
    return " ".join((problem.question, *lines))


def _step(step: PracticeStep) -> Step:
    slips: dict[str, str] = {}
    for mistake in step.mistakes:
        words = MISCONCEPTIONS[mistake.misconception]
        slips.setdefault(str(mistake.value), f"That looks like someone who {words}.")
    work = _spaced(step.calculation)
    return Step(step.guide.ask, step.guide.do, work, str(step.value), tuple(slips.items()))


def _spaced(calculation: Calculation) -> str:
    """As it is written down: 40 - 5, and 2 - (-3)."""
    right = f"({calculation.right})" if calculation.right < 0 else str(calculation.right)
    return f"{calculation.left} {calculation.sign} {right}"
