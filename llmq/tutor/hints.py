"""The authored words of the ladder: what a tutor can always say, without any model."""

import re
from collections.abc import Iterator

from llmq.practice.numerals import numbers_in
from llmq.tutor.exercise import Exercise, Step
from llmq.tutor.guard import Guard
from llmq.tutor.moves import Level
from llmq.tutor.state import State

TRY = "What do you get?"
# Where an exercise has no steps: what can be asked of any question, a row a kind, a level a place.
CHOICES = (
    "The task is: {question} Take the choices one by one: {choices}. What do you know about each?",
    "What would have to be true of the one that fits? Hold each against that: {choices}.",
    "Look again at the word that decides in: {question} Which of these can you test: {choices}?",
    "Compare them two at a time, and keep the one that fits better: {choices}. Why does it?",
)
NUMBERS = (
    "The task is: {question} What does each of its numbers stand for: {numbers}?",
    "What has to be done with {numbers} here, and which word of the question tells you so?",
    "Write the calculation down with {numbers} before you work it out. What comes first?",
    "Put small numbers in the place of {numbers} and try it with those. What would you do then?",
)
WORDS = (
    "The task is: {question} Say it in your own words: what do {words} mean here?",
    "Which of its words do you know already: {words}? Draw or write down what each says.",
    "Think of an example of your own for {words}. What is always so in it?",
    "Make a list of what you know about {words}. What on your list has a name or a rule?",
)
FIGURES = re.compile(r"\d+(?:[.,/]\d+)*")
FILLING = frozenset(
    {
        "which",
        "Which",
        "what",
        "What",
        "called",
        "exactly",
        "through",
        "their",
        "there",
        "same",
        "this",
        "that",
    }
)
LONG = re.compile(r"[^\W\d_]{4,}")
NO_NUMBERS = "What do you know, and what is asked for? Write down your first step."


def authored(state: State, slip: str = "") -> str:
    """The hint of the state's level; `slip` points at the student's error where it is known.

    Below the answer it is one that tells neither the key nor a value that is not found yet: a
    course's own hint that does gives way to the steps' words.
    """
    level = Level(state.level)
    if level is Level.ANSWER:
        return worked(state.exercise)
    return next(hint for hint in _hints(state, level, slip) if _is_safe(hint, state))


def _is_safe(hint: str, state: State) -> bool:
    """Whether the guard passes what a hint adds to the question, the calculation, the example."""
    exercise = state.exercise
    if hint == NO_NUMBERS:
        return True
    choices = "; ".join(exercise.choices)
    for shown in (
        _example(exercise),
        exercise.question,
        choices,
        state.step.work if state.step else "",
    ):
        hint = hint.replace(shown, "") if shown else hint
    return Guard(exercise, level=Level.GOAL, done=state.done).check(hint) is None


def _example(exercise: Exercise) -> str:
    """The worked example, if no value of the exercise's own steps occurs in it."""
    hidden = numbers_in(" ; ".join((exercise.key, *(step.value for step in exercise.steps))))
    is_other = exercise.example and not hidden & numbers_in(exercise.example)
    return f"Here is one like it: {exercise.example} " if is_other else ""


def _hints(state: State, level: Level, slip: str) -> Iterator[str]:
    """Hints of a level, the best one first, the last one without any number."""
    exercise, step = state.exercise, state.step
    if level is not Level.GOAL and len(exercise.hints) >= level:
        yield exercise.hints[level - 1]
    if step is None:
        yield _of_question(exercise, level)
        yield f"Read it once more: {exercise.question} What do you know, and what is asked for?"
    else:
        yield _of_step(exercise, step, level, slip)
    yield NO_NUMBERS


def _of_question(exercise: Exercise, level: Level) -> str:
    """A hint from the question alone, of an exercise without worked steps."""
    row = CHOICES if exercise.choices else NUMBERS if FIGURES.search(exercise.question) else WORDS
    said = [w for w in dict.fromkeys(LONG.findall(exercise.question)) if w not in FILLING]
    facts = {
        "question": exercise.question,
        "choices": "; ".join(exercise.choices),
        "numbers": ", ".join(dict.fromkeys(FIGURES.findall(exercise.question))),
        "words": " and ".join(f'"{word}"' for word in sorted(said, key=len)[-2:]),
    }
    return row[min(level, Level.EXAMPLE)].format(**facts)


def _of_step(exercise: Exercise, step: Step, level: Level, slip: str) -> str:
    if level is Level.GOAL:
        return f"{exercise.goal or f'The task is: {exercise.question}'} {step.ask}"
    if level is Level.CONCEPT:
        return f"{step.concept} {step.ask}"
    if level is Level.ERROR:
        return f"{slip} Look at this step again: {step.work}. {TRY}".strip()
    return f"{_example(exercise)}Now yours: {step.work}. {TRY}"


def worked(exercise: Exercise) -> str:
    """The worked solution."""
    lines = [f"{step.concept} {step.work} = {step.value}." for step in exercise.steps]
    return " ".join([*lines, f"So the answer is {exercise.key}."])
