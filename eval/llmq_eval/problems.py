"""Problems with an exact answer: which files find it when they are asked.

The question is the student's turn, each file writes its likeliest reply (`writing`), several at
once, and the final answer of what it says (`llmq.answers.found_answer`), thoughts aside, is held
against the key.

What it does not tell: a tutor that was taught to keep answers to itself has few right, and rightly
so. What counts is what becomes of those that the original has right. A reply that is not at its
end within ANSWER_TOKENS is judged by what is there.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from llmq.answers import check, found_answer
from llmq.errors import ModelError
from llmq.runtime import Ask, Model
from llmq.suites import Message, Problem
from llmq_eval.choices import MOST_FLIPS
from llmq_eval.measuring import Progress
from llmq_eval.writing import GREEDILY, Reply, written

ANSWER_TOKENS = 256  # of a reply, its end included

Written = tuple[Reply, ...] | ModelError  # of one model, problem by problem


@dataclass(frozen=True)
class SolvedBeside:
    """What two files replied, problem by problem."""

    problems: tuple[Problem, ...]
    base: tuple[Reply, ...]
    quant: tuple[Reply, ...]

    @cached_property
    def _right(self) -> tuple[tuple[bool, bool], ...]:
        return tuple(
            (is_right(base, problem), is_right(quant, problem))
            for problem, base, quant in zip(self.problems, self.base, self.quant, strict=True)
        )

    def rows(self) -> tuple[dict[str, Any], ...]:
        """A row for each problem."""
        return tuple(
            {
                "id": problem.id,
                "subject": problem.subject,
                "source": problem.source,
                "base_right": int(base),
                "quant_right": int(quant),
            }
            for problem, (base, quant) in zip(self.problems, self._right, strict=True)
        )

    def samples(self) -> tuple[dict[str, Any], ...]:
        """Problems that one file has right and the other wrong, what was lost first."""
        found = [
            {
                "kind": "problem",
                **row,
                "question": problem.question,
                "right": problem.answer,
                "base": base.speech,
                "quant": quant.speech,
            }
            for problem, row, base, quant in zip(
                self.problems, self.rows(), self.base, self.quant, strict=True
            )
            if row["base_right"] != row["quant_right"]
        ]
        return tuple(sorted(found, key=lambda flip: flip["quant_right"])[:MOST_FLIPS])


def is_right(reply: Reply, problem: Problem) -> bool:
    """Whether the final answer of `reply` is the key of `problem`."""
    found = found_answer(reply.speech)
    return found is not None and check(found, problem.answer).right


def answer_problems(
    models: Sequence[Model], problems: Sequence[Problem], *, progress: Progress | None = None
) -> tuple[SolvedBeside | ModelError, ...]:
    """For each model but the first, the base: its replies beside the base's, or its error.

    `progress(done, total)` counts the replies of all models. Raises ModelError where the base
    fails.
    """
    total, done = len(models) * len(problems), 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    base, *quants = models
    expected = _written(base, problems, advance)
    if isinstance(expected, ModelError):
        raise expected
    found = [_written(quant, problems, advance) for quant in quants]
    return tuple(
        each if isinstance(each, ModelError) else SolvedBeside(tuple(problems), expected, each)
        for each in found
    )


def _written(model: Model, problems: Sequence[Problem], advance: Callable[[], None]) -> Written:
    try:
        prompts = [_prompt(model, problem) for problem in problems]
        writers = [_reply(model, prompt, advance) for prompt in prompts]
        room = max(map(len, prompts), default=0) + ANSWER_TOKENS
        return tuple(model.write_together(writers, room=room))
    except ModelError as error:
        return error


def _prompt(model: Model, problem: Problem) -> list[int]:
    try:
        prompt = model.prompt([Message("user", problem.question)])
    except ModelError as error:
        raise ModelError(f"problem {problem.id!r}: {error}") from error
    if len(prompt) + ANSWER_TOKENS > model.n_ctx:
        raise ModelError(
            f"problem {problem.id!r}: {len(prompt)} tokens and a reply of {ANSWER_TOKENS} do not fit the "
            f"context of {model.n_ctx} tokens of {model.path.name}; leave the problem out"
        )
    return prompt


def _reply(
    model: Model, prompt: Sequence[int], advance: Callable[[], None]
) -> Generator[Ask, list[int], Reply]:
    reply = yield from written(model, prompt, GREEDILY, ANSWER_TOKENS)
    advance()
    return reply
