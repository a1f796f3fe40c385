"""An exercise as a course gives it: a question, its exact key, worked steps, authored hints."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step of the worked solution, which the student does not see.

    `ask` leads to it by a question, `concept` names what is done, `work` is the calculation
    ("7x = 40 - 5") and `value` what comes out, in a form that `llmq.answers` reads. `slips` are
    wrong values with the sentence that points at the error behind them.
    """

    ask: str
    concept: str
    work: str
    value: str
    slips: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Exercise:
    """A question of a course; `key` is its answer, `example` a worked one like it.

    With `choices`, `key` is the text of the right one. `goal` restates what is asked for.
    `hints` are the author's own for levels 1 to 3, in order; where there are none, the steps' words
    serve.
    """

    id: str
    skill: str
    question: str
    key: str
    steps: tuple[Step, ...] = ()
    choices: tuple[str, ...] = ()
    goal: str = ""
    hints: tuple[str, ...] = ()
    example: str = ""
