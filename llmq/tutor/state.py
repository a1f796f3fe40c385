"""Where a student stands in the open exercise: a value, kept as JSON between two sittings."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from llmq.errors import LessonError
from llmq.tutor.exercise import Exercise, Step
from llmq.tutor.moves import Level

MOST_TRIED = 50


@dataclass(frozen=True)
class State:
    """The open exercise; `n_done` of its steps are found, `level` is the rung of the ladder.

    `attempts` counts the honest ones, `tried` are the wrong claims so far, in the student's words.
    """

    exercise: Exercise
    level: int = 0
    n_done: int = 0
    attempts: int = 0
    tried: tuple[str, ...] = ()

    @property
    def done(self) -> tuple[str, ...]:
        """The values that the student has found."""
        return tuple(step.value for step in self.exercise.steps[: self.n_done])

    @property
    def step(self) -> Step | None:
        """The step that comes next; None of an exercise without worked steps."""
        steps = self.exercise.steps
        return steps[min(self.n_done, len(steps) - 1)] if steps else None

    def to_json(self) -> str:
        """The whole, for `from_json`."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "State":
        """What `to_json` wrote. Raises LessonError for what it cannot have written."""
        try:
            value = json.loads(text)
            return _state(value)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise LessonError(
                "what was kept of the open problem cannot be read; /problem opens another"
            ) from error


def _state(value: dict[str, Any]) -> State:
    exercise = value["exercise"]
    steps = tuple(_step(step) for step in exercise["steps"])
    choices, hints = (tuple(map(_text, exercise[name])) for name in ("choices", "hints"))
    name, skill, question, key, goal, example = (
        _text(exercise[field]) for field in ("id", "skill", "question", "key", "goal", "example")
    )
    numbers = {field: _count(value[field]) for field in ("level", "n_done", "attempts")}
    if numbers["level"] > Level.ANSWER or numbers["n_done"] > len(steps):
        raise ValueError
    tried = tuple(map(_text, value["tried"]))
    whole = Exercise(name, skill, question, key, steps, choices, goal, hints, example)
    return State(whole, tried=tried, **numbers)


def _step(value: dict[str, Any]) -> Step:
    ask, concept, work, result = (_text(value[n]) for n in ("ask", "concept", "work", "value"))
    return Step(ask, concept, work, result, tuple(_pair(pair) for pair in value["slips"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _pair(value: Any) -> tuple[str, str]:
    first, second = value
    return _text(first), _text(second)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value
