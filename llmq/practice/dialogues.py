"""Dialogues between a student and a tutor who asks, hints and checks instead of telling.

The system turn carries the problem, its worked steps and its key, so that judging a step is
comparing two numbers and not computing one. Some dialogues have no key, or no system turn at all:
there the tutor gives no verdict and asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from llmq.practice.phrases import FORMS
from llmq.practice.problem import Problem, Step
from llmq.practice.students import say, state
from llmq.practice.topics import Split, make_problem
from llmq.practice.turns import TutorTurn

PERSONAS = (
    "You are a patient maths tutor.",
    "You are a maths tutor. Never tell the answer.",
    "You are a friendly tutor who asks and hints.",
    "You are a helpful assistant.",
)

WRONG_SHARE = 0.42  # of the attempts at a step
MOST_MISTAKES = 3  # in one step, after which the student gets it right
ASIDE_SHARE = 0.10  # before a step: stuck, asks for the answer, talks of something else
KEYLESS_SHARE = 0.08  # dialogues whose system turn has no key


class Role(StrEnum):
    """Who speaks; the names that chat templates use."""

    SYSTEM = "system"
    STUDENT = "user"
    TUTOR = "assistant"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn; what a tutor's turn means is in `meaning`."""

    role: Role
    text: str
    meaning: TutorTurn | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A dialogue about one problem."""

    problem: Problem
    turns: tuple[Turn, ...]

    def messages(self) -> list[dict[str, str]]:
        """The form that chat templates take."""
        return [{"role": turn.role.value, "content": turn.text} for turn in self.turns]


def system_text(problem: Problem, persona: str = PERSONAS[0]) -> str:
    """The system turn of a tutor who knows the worked steps and the key of `problem`."""
    steps = (
        f"Step {number}: {step.calculation}={step.value}"
        for number, step in enumerate(problem.steps, start=1)
    )
    return "\n".join(
        [persona, f"Problem: {problem.question}", *steps, f"The answer is {problem.key}."]
    )


def make_dialogue(problem: Problem, rng: Random) -> Dialogue:
    """A dialogue about `problem`; one in twelve leaves the key out of the system turn."""
    keyless = rng.random() < KEYLESS_SHARE
    turns = _without_key(problem, rng) if keyless else _with_key(problem, rng)
    return Dialogue(problem, tuple(turns))


def dialogues(seed: int, split: Split = Split.TRAINING) -> Iterator[Dialogue]:
    """An endless stream of dialogues; the same seed gives the same stream everywhere."""
    rng = Random(seed)
    while True:
        yield make_dialogue(make_problem(rng, split), rng)


def _with_key(problem: Problem, rng: Random) -> Iterator[Turn]:
    yield Turn(Role.SYSTEM, system_text(problem, rng.choice(PERSONAS)))
    asked = rng.random() < 0.3
    if asked:
        yield from _exchange("hello", rng, sentence=problem.steps[0].guide.ask)
    for step, after in zip(problem.steps, (*problem.steps[1:], None), strict=True):
        yield from _attempts(step, after, rng, asked=asked)
        asked = True
    if rng.random() < 0.2:
        yield from _exchange("thanks", rng)


def _attempts(step: Step, after: Step | None, rng: Random, *, asked: bool) -> Iterator[Turn]:
    """One step until it is right; each further hint is a rung higher than what was `asked`."""
    rung = 1 if asked else 0
    mistakes = list(rng.sample(step.mistakes, min(MOST_MISTAKES, len(step.mistakes))))
    while True:
        if rng.random() < ASIDE_SHARE:
            aside = rng.choice(("stuck", "stuck", "tell me", "off topic"))
            if aside == "off topic":
                yield from _exchange(aside, rng, sentence=step.guide.ask)
                rung = max(rung, 1)
            else:
                yield from _exchange(aside, rng, sentence=step.hints[rung])
                rung = min(rung + 1, 2)
        if not mistakes or rng.random() >= WRONG_SHARE:
            break
        said = state(step, rng, mistake=mistakes.pop(), last=after is None)
        yield Turn(Role.STUDENT, said)
        yield _tutor("wrong", rng, step.hints[rung])
        rung = min(rung + 1, 2)
    yield Turn(Role.STUDENT, state(step, rng, mistake=None, last=after is None))
    yield _tutor("right", rng, after.guide.ask) if after else _tutor("solved", rng)


def _without_key(problem: Problem, rng: Random) -> Iterator[Turn]:
    """The tutor knows nothing of the problem, so it asks for it and checks, without a verdict."""
    if rng.random() < 0.6:
        yield Turn(Role.SYSTEM, rng.choice(PERSONAS))
    if rng.random() < 0.8:
        yield from _own_exchange(rng.choice(("hello", "hello", "off topic")), rng)
    yield Turn(Role.STUDENT, problem.question)
    yield _tutor("own problem", rng)
    for step in problem.steps:
        if rng.random() < 0.3:
            yield from _own_exchange(rng.choice(("stuck", "tell me")), rng)
        mistake = rng.choice(step.mistakes) if rng.random() < WRONG_SHARE else None
        yield Turn(Role.STUDENT, state(step, rng, mistake=mistake, last=False))
        yield _tutor("own step", rng)
    yield from _exchange("thanks", rng)


def _own_exchange(move: str, rng: Random) -> Iterator[Turn]:
    known = 3 if move in ("hello", "off topic") else 4
    yield from _exchange(move, rng, sentence=rng.choice(FORMS[move].sentences[-known:]))


def _exchange(move: str, rng: Random, *, sentence: str | None = None) -> Iterator[Turn]:
    yield Turn(Role.STUDENT, say(move, rng))
    yield _tutor(move, rng, sentence)


def _tutor(form: str, rng: Random, sentence: str | None = None) -> Turn:
    row = FORMS[form]
    said = sentence if sentence is not None else rng.choice(row.sentences)
    meaning = TutorTurn(row.verdict, row.kind, rng.choice(row.openings), said)
    return Turn(Role.TUTOR, str(meaning), meaning)
