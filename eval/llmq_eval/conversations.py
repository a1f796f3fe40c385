"""Conversations that the files play: the student's turns are given, the tutor's are their own.

A tutor that keeps the answer to itself once may tell it when it is asked again, and a file that was
harmed goes astray on what it has said itself. So the student's turns of a dialogue are said in
order, whatever the tutor replies, up to TURNS of them, and each reply, greedy and of at most
TURN_TOKENS tokens, becomes a part of what is read next. Counted are conversations in which the
answer was told before the student said it (`leaks`), and turns that do not teach (`FAULTS`).

What it does not tell: the student does not listen, so that a good reply may be followed by a turn
that does not fit it. As both files meet the same student, it is the difference that counts. A
model that thinks aloud seldom ends its thoughts within the limit, as the base then does.
"""

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, zip_longest
from typing import Any

from llmq.errors import ModelError
from llmq.loops import loops
from llmq.runtime import Ask, Model
from llmq.suites import Dialogue, Message
from llmq_eval.leaks import tells
from llmq_eval.measuring import Progress
from llmq_eval.writing import GREEDILY, Reply, written

TURNS = 4  # of the tutor
TURN_TOKENS = 96  # of one turn, its end included
MOST_SAMPLES = 40
AS_STUDENT = re.compile(r"^[\W_]*(?:student|pupil|learner|user|human)[\W_]*?(?::|$)", re.I | re.M)

ECHO_WORDS = 4  # fewer may be said back on purpose: "4 times 6?"

# Why a turn does not teach, given the reply, the tutor's turn before it and the student's.
FAULTS: Mapping[str, Callable[[Reply, str, str], bool]] = {
    "empty": lambda reply, *_: not reply.speech,
    "in circles": lambda reply, *_: loops(reply.text),
    "not closed": lambda reply, *_: not reply.closed,
    "the same again": lambda reply, before, _: reply.speech == before != "",
    "an echo": lambda reply, _, asked: (
        reply.speech == asked.strip() and len(asked.split()) >= ECHO_WORDS
    ),
    "as the student": lambda reply, *_: bool(AS_STUDENT.search(reply.text)),
}


@dataclass(frozen=True)
class Turn:
    """What the tutor said to a student's turn; whether it told the answer, and its faults."""

    student: str
    text: str
    leaked: bool
    faults: tuple[str, ...]


Talk = tuple[Turn, ...]
NO_TURN = Turn("", "", leaked=False, faults=())
Played = tuple[Talk, ...] | ModelError  # of one model


@dataclass(frozen=True)
class Conversations:
    """The same dialogues, played with two files."""

    dialogues: tuple[Dialogue, ...]
    base: tuple[Talk, ...]
    quant: tuple[Talk, ...]

    def rows(self) -> tuple[dict[str, Any], ...]:
        """A row for each conversation."""
        return self._rows

    @cached_property
    def _rows(self) -> tuple[dict[str, Any], ...]:
        return tuple(
            {
                "id": dialogue.id,
                "subject": dialogue.subject,
                "source": dialogue.source,
                "n_turns": len(student_turns(dialogue)),
                "base_leaked": int(any(turn.leaked for turn in base)),
                "quant_leaked": int(any(turn.leaked for turn in quant)),
                "base_degenerate": sum(bool(turn.faults) for turn in base),
                "quant_degenerate": sum(bool(turn.faults) for turn in quant),
            }
            for dialogue, base, quant in zip(self.dialogues, self.base, self.quant, strict=True)
        )

    def samples(self) -> tuple[dict[str, Any], ...]:
        """Conversations in which something went wrong, what QUANT alone did first."""
        found = [
            {
                **row,
                "answer": dialogue.answer,
                "system": "\n".join(m.content for m in dialogue.messages if m.role == "system"),
                "turns": [_shown(*pair) for pair in zip_longest(base, quant, fillvalue=NO_TURN)],
            }
            for dialogue, row, base, quant in zip(
                self.dialogues, self._rows, self.base, self.quant, strict=True
            )
            if any(row[f"{side}_{what}"] for side in SIDES for what in ("leaked", "degenerate"))
        ]
        return tuple(sorted(found, key=_worse, reverse=True)[:MOST_SAMPLES])


SIDES = ("base", "quant")


def _worse(sample: Mapping[str, Any]) -> tuple[int, int]:
    leaked, degenerate = (
        sample[f"quant_{what}"] - sample[f"base_{what}"] for what in ("leaked", "degenerate")
    )
    return leaked, degenerate


def _shown(base: Turn, quant: Turn) -> dict[str, Any]:
    shown: dict[str, Any] = {"student": base.student or quant.student}
    for side, turn in zip(SIDES, (base, quant), strict=True):
        shown[side] = turn.text
        shown[f"{side}_leaked"] = int(turn.leaked)
        shown[f"{side}_degenerate"] = int(bool(turn.faults))
        shown[f"{side}_faults"] = list(turn.faults)
    return shown


def student_turns(dialogue: Dialogue) -> list[tuple[Message, ...]]:
    """What is said before each of the tutor's turns; at the first, all that comes before it.

    >>> names = {"s": "system", "u": "user", "a": "assistant"}
    >>> talk = Dialogue("1", tuple(Message(names[c], c) for c in "sauaua"))
    >>> ["".join(m.content for m in turn) for turn in student_turns(talk)]
    ['sau', 'u']
    """
    students = [i for i, message in enumerate(dialogue.messages) if message.role == "user"]
    if not students:
        return []
    before = dialogue.messages[: students[0]]
    runs = groupby(dialogue.messages[students[0] :], key=lambda m: m.role == "user")
    first, *more = [tuple(run) for is_student, run in runs if is_student]
    return [(*before, *first), *more][:TURNS]


def is_playable(dialogue: Dialogue) -> bool:
    """Whether there is an answer to ask for, and a student who does."""
    return bool(dialogue.answer and student_turns(dialogue))


def play(
    models: Sequence[Model], dialogues: Sequence[Dialogue], *, progress: Progress | None = None
) -> tuple[Conversations | ModelError, ...]:
    """For each model but the first, the base: its conversations beside the base's, or an error.

    Of `dialogues`, those that have an answer and a student who speaks are played. `progress(done,
    total)` counts the conversations of all models.
    """
    played = tuple(dialogue for dialogue in dialogues if is_playable(dialogue))
    total, done = len(models) * len(played), 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    base, *quants = (_played(model, played, advance) for model in models)
    return tuple(_beside(played, base, quant) for quant in quants)


def _beside(
    dialogues: tuple[Dialogue, ...], base: Played, quant: Played
) -> Conversations | ModelError:
    if isinstance(base, ModelError):
        return base
    return quant if isinstance(quant, ModelError) else Conversations(dialogues, base, quant)


def _played(model: Model, dialogues: Sequence[Dialogue], advance: Callable[[], None]) -> Played:
    try:
        room = min(model.n_ctx, max((_room(model, d) for d in dialogues), default=1))
        writers = [_talk(model, dialogue, room, advance) for dialogue in dialogues]
        return tuple(model.write_together(writers, room=room))
    except ModelError as error:
        return error


def _room(model: Model, dialogue: Dialogue) -> int:
    """The tokens that the longest way through a dialogue takes."""
    messages: list[Message] = []
    for turn in student_turns(dialogue):
        messages += [*turn, Message("assistant", "Well?")]
    return len(model.prompt(messages[:-1])) + TURNS * TURN_TOKENS


def _talk(
    model: Model, dialogue: Dialogue, room: int, advance: Callable[[], None]
) -> Generator[Ask, list[int], Talk]:
    """One conversation; it ends early where it does not fit, or cannot be told from marks."""
    said: list[Message] = []
    turns: list[Turn] = []
    before = ""
    for student in student_turns(dialogue):
        said += student
        prompt = _prompt(model, said, needed=not turns)
        if len(prompt) + TURN_TOKENS > room or not prompt:
            break
        reply = yield from written(model, prompt, GREEDILY, TURN_TOKENS)
        asked = student[-1].content
        faults = tuple(name for name, is_so in FAULTS.items() if is_so(reply, before, asked))
        leaked = tells(reply.speech, dialogue.answer, said)
        turns.append(Turn(asked, reply.text, leaked, faults))
        before = reply.speech
        said.append(Message("assistant", before))
    advance()
    return tuple(turns)


def _prompt(model: Model, said: Sequence[Message], *, needed: bool) -> list[int]:
    """The turns as tokens; nothing where the model's own words keep its template from writing."""
    try:
        return model.prompt(said)
    except ModelError:
        if needed:
            raise
        return []
