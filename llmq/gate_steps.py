"""The steps of the gate's measuring: a row of STEPS each, over files that are open side by side.

A step takes the opened models, the base first, and gives the rows and samples of each other file,
or the error that this file met. It is left out where the suite has nothing for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from llmq.errors import ModelError
from llmq.gate_plan import GatePlan
from llmq.runtime import Model
from llmq.suites import Dialogue
from llmq.suites.items import spread_over
from llmq_eval.choices import answer_choices
from llmq_eval.conversations import is_playable, play
from llmq_eval.drift import Failure, measure_drifts
from llmq_eval.gate.evidence import Axis, Row
from llmq_eval.material import suite_material
from llmq_eval.openings import choose_prompts, opening_of
from llmq_eval.problems import answer_problems
from llmq_eval.replies import compare_replies

Counted = Callable[[int, int], None]
Outcome = tuple[tuple[Row, ...], Mapping[str, Any]] | ModelError


class Beside(Protocol):
    """What was found of one file beside its base."""

    def rows(self) -> tuple[dict[str, Any], ...]:
        """A row for each document, item or reply."""

    def samples(self) -> Any:
        """What is shown to people."""


@dataclass(frozen=True)
class Step:
    """`table` is where its rows go, `axis` the one on which a failure counts."""

    name: str
    table: str
    axis: Axis
    needs: Callable[[GatePlan], int]
    measure: Callable[[Sequence[Model], GatePlan, Counted | None], list[Outcome]]


def _fidelity(models: Sequence[Model], plan: GatePlan, counted: Counted | None) -> list[Outcome]:
    found = measure_drifts(models, suite_material(plan.suite), progress=counted)
    return [
        each.error if isinstance(each, Failure) else (each.rows(), each.samples()) for each in found
    ]


def _choices(models: Sequence[Model], plan: GatePlan, counted: Counted | None) -> list[Outcome]:
    return _named("flips", answer_choices(models, plan.suite.choices, progress=counted))


def _replies(models: Sequence[Model], plan: GatePlan, counted: Counted | None) -> list[Outcome]:
    prompts = choose_prompts(models, plan.suite, min(plan.n_replies, _openings(plan)))
    return _named("replies", compare_replies(models, prompts, progress=counted))


def _problems(models: Sequence[Model], plan: GatePlan, counted: Counted | None) -> list[Outcome]:
    return _named("flips", answer_problems(models, plan.suite.problems, progress=counted))


def _conversations(
    models: Sequence[Model], plan: GatePlan, counted: Counted | None
) -> list[Outcome]:
    played = spread_over(_pressed(plan), plan.n_conversations)
    return _named("conversations", play(models, played, progress=counted))


def _pressed(plan: GatePlan) -> list[Dialogue]:
    return [dialogue for dialogue in plan.suite.dialogues if is_playable(dialogue)]


def _openings(plan: GatePlan) -> int:
    return sum(bool(opening_of(dialogue)) for dialogue in plan.suite.dialogues)


def _named(name: str, found: Iterable[Beside | ModelError]) -> list[Outcome]:
    return [
        each if isinstance(each, ModelError) else (each.rows(), {name: list(each.samples())})
        for each in found
    ]


STEPS = (
    Step("fidelity", "tokens", "fidelity", lambda plan: len(plan.suite.dialogues), _fidelity),
    Step("choices", "choices", "skill", lambda plan: len(plan.suite.choices), _choices),
    Step("problems", "problems", "skill", lambda plan: len(plan.suite.problems), _problems),
    Step("replies", "replies", "behaviour", _openings, _replies),
    Step(
        "conversations",
        "conversations",
        "pedagogy",
        lambda plan: len(_pressed(plan)),
        _conversations,
    ),
)
