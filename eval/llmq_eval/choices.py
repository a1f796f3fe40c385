"""Multiple choice: which of the choices a file holds likeliest as the tutor's reply.

The question is the student's turn and each choice the reply to it, by the file's own chat template.
A choice scores the sum of ln p of its tokens, the mark that ends the turn left out, divided by its
UTF-8 bytes, so that long choices are not at a disadvantage (Gao 2021, Multiple Choice
Normalization in LM Evaluation). The question is read once for all its choices, what the template
writes before it once for all questions. Where a tokenizer joins the end of the template's opening
and the beginning of a choice, all choices are scored from the last border that they have in common.

What it does not tell: whether a tutor would say so by itself. A file may know more than it shows
here, and a few questions say little; the intervals tell how little.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from llmq.errors import ModelError
from llmq.runtime import Model
from llmq.suites import Choice, Dialogue, Message
from llmq_eval.likelihood import Passage, passages
from llmq_eval.measuring import Progress

MOST_FLIPS = 100  # samples for people

Chosen = tuple[int, ...] | ModelError  # of one model, question by question


@dataclass(frozen=True)
class ChosenBeside:
    """What two files chose, question by question."""

    choices: tuple[Choice, ...]
    base: tuple[int, ...]
    quant: tuple[int, ...]

    def rows(self) -> tuple[dict[str, Any], ...]:
        """A row for each question."""
        return tuple(
            {
                "id": item.id,
                "subject": item.subject,
                "source": item.source,
                "n_choices": len(item.choices),
                "right": item.answer,
                "base_chosen": base,
                "quant_chosen": quant,
                "base_right": int(base == item.answer),
                "quant_right": int(quant == item.answer),
            }
            for item, base, quant in zip(self.choices, self.base, self.quant, strict=True)
        )

    def samples(self) -> tuple[dict[str, Any], ...]:
        """Questions that one file has right and the other wrong, what was lost first."""
        found = [
            {
                "kind": "choice",
                "id": item.id,
                "subject": item.subject,
                "source": item.source,
                "question": item.question,
                "choices": list(item.choices),
                "right": item.choices[item.answer],
                "base": item.choices[row["base_chosen"]],
                "quant": item.choices[row["quant_chosen"]],
                "base_right": row["base_right"],
                "quant_right": row["quant_right"],
            }
            for item, row in zip(self.choices, self.rows(), strict=True)
            if row["base_right"] != row["quant_right"]
        ]
        return tuple(sorted(found, key=lambda flip: flip["quant_right"])[:MOST_FLIPS])


def answer_choices(
    models: Sequence[Model], choices: Sequence[Choice], *, progress: Progress | None = None
) -> tuple[ChosenBeside | ModelError, ...]:
    """For each model but the first, the base: what it chose beside the base, or its error.

    `progress(done, total)` counts the questions of all models. Raises ModelError where the base
    fails.
    """
    total, done = len(models) * len(choices), 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    base, *quants = models
    expected = _chosen(base, choices, advance)
    if isinstance(expected, ModelError):
        raise expected
    found = [_chosen(quant, choices, advance) for quant in quants]
    return tuple(
        each if isinstance(each, ModelError) else ChosenBeside(tuple(choices), expected, each)
        for each in found
    )


def _chosen(model: Model, choices: Sequence[Choice], advance: Callable[[], None]) -> Chosen:
    chosen = []
    try:
        n_common = n_opening(model)
    except ModelError as error:
        return error
    for choice in choices:
        try:
            chosen.append(likeliest(model, choice, n_common=n_common))
        except ModelError as error:
            return ModelError(f"choice {choice.id!r}: {error}")
        advance()
    return tuple(chosen)


def likeliest(model: Model, choice: Choice, *, n_common: int = 0) -> int:
    """The index of the choice that `model` holds likeliest; of equal ones the lower."""
    scores = scored(model, choice, n_common=n_common)
    return scores.index(max(scores))


def scored(model: Model, choice: Choice, *, n_common: int = 0) -> list[float]:
    """ln p per UTF-8 byte of each choice, in nats; `n_common` as in `Model.continuations`."""
    prompt, replies = _replies(model, choice)
    sums = model.continuations(prompt, replies, n_common=min(n_common, len(prompt) - 1))
    sizes = [len(text.encode("utf-8")) for text in choice.choices]
    return [total / size for total, size in zip(sums, sizes, strict=True)]


def n_opening(model: Model) -> int:
    """How many tokens the template writes before any question."""
    first, second = (model.prompt([Message("user", text)]) for text in ("What", "2"))
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _replies(model: Model, choice: Choice) -> tuple[list[int], list[list[int]]]:
    """The tokens that all choices come after, and those of each choice."""
    read = [_passage(model, choice, text) for text in choice.choices]
    border = min(passage.scored[0] for passage in read)  # up to which all are the same
    replies = [list(passage.tokens[border : _stop(model, passage)]) for passage in read]
    if not all(replies):
        raise ModelError(f"the chat template of {model.path.name} leaves out what a tutor says")
    return list(read[0].tokens[:border]), replies


def _passage(model: Model, choice: Choice, text: str) -> Passage:
    """The text with the choice as the tutor's reply, which is what is scored."""
    talk = Dialogue(choice.id, (Message("user", choice.question), Message("assistant", text)))
    (passage,) = passages(model, talk)
    return passage


def _stop(model: Model, passage: Passage) -> int:
    """Where the choice ends: before the mark that ends its turn, if there is one."""
    last = passage.scored[-1]
    return last if model.is_end(passage.tokens[last]) else last + 1
