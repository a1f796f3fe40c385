"""The authored words of the ladder: what a tutor can always say, without any model."""

from llmq.tutor.exercise import Exercise
from llmq.tutor.moves import Level
from llmq.tutor.state import State

TRY = "What do you get?"


def authored(state: State, slip: str = "") -> str:
    """The hint of the state's level; `slip` points at the student's error where it is known."""
    exercise, level, step = state.exercise, Level(state.level), state.step
    if level is Level.GOAL:
        goal = exercise.goal or f"The task is: {exercise.question}"
        return f"{goal} {step.ask if step else 'How would you begin?'}"
    if level is Level.ANSWER:
        return worked(exercise)
    if len(exercise.hints) >= level:
        return exercise.hints[level - 1]
    if step is None:
        return f"Read it once more: {exercise.question} What do you know, and what is asked for?"
    if level is Level.CONCEPT:
        return f"{step.concept} {step.ask}"
    if level is Level.ERROR:
        return f"{slip} Look at this step again: {step.work}. {TRY}".strip()
    example = f"Here is one like it: {exercise.example} " if exercise.example else ""
    return f"{example}Now yours: {step.work}. {TRY}"


def worked(exercise: Exercise) -> str:
    """The worked solution."""
    lines = [f"{step.concept} {step.work} = {step.value}." for step in exercise.steps]
    return " ".join([*lines, f"So the answer is {exercise.key}."])
