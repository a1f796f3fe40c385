"""Replies that the files write themselves, greedily and to the same prompts.

The columns of drift are about words that are given. Here each file goes its own way, which shows
what they cannot: a tutor that rambles, or that no longer ends its turn. A prompt is a dialogue of
the suite up to its first tutor turn: what a student would begin with, and no word of the tutor's
from the suite. The dialogues are spread evenly over the suite. One reply of each file to each
prompt is written; the same files, threads and prompts give the same replies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from llmq.errors import ModelError, SuiteError
from llmq.runtime import Model
from llmq.spelling import counted
from llmq.suites import Dialogue, Message, Suite
from llmq_eval.measuring import Progress, read_differently
from llmq_eval.metric import totals_of
from llmq_eval.reply_metrics import REPLY, REPLY_METRICS
from llmq_eval.statistics import Estimate, few_documents

REPLY_TOKENS = 256  # the longest reply, its end included; tutors' turns are far shorter


@dataclass(frozen=True)
class Prompt:
    """The opening of a dialogue, up to where the tutor speaks first, as tokens.

    `asked` is what the student said last.
    """

    id: str
    tokens: tuple[int, ...]
    asked: str


@dataclass(frozen=True)
class Reply:
    """What a file wrote: its tokens, the last one included, and whether it came to an end."""

    tokens: tuple[int, ...]
    text: str
    closed: bool


@dataclass(frozen=True)
class Replies:
    """The replies of two files to the same prompts, prompt by prompt."""

    prompts: tuple[Prompt, ...]
    base: tuple[Reply, ...]
    quant: tuple[Reply, ...]

    @cached_property
    def totals(self) -> Mapping[str, Estimate]:
        """Every figure of REPLY_METRICS, by name."""
        pairs = zip(self.base, self.quant, strict=True)
        documents = [
            np.array(
                [(len(b.tokens), len(q.tokens), not b.closed, not q.closed, b.tokens == q.tokens)],
                REPLY,
            )
            for b, q in pairs
        ]
        return totals_of(REPLY_METRICS, documents)

    @property
    def warning(self) -> str | None:
        """What to say where there are too few prompts for the intervals to hold."""
        return few_documents(len(self.prompts))

    def as_json(self) -> dict[str, Any]:
        """What stands in the report: the totals, and both replies to each prompt."""
        rows = zip(self.prompts, self.base, self.quant, strict=True)
        return {
            "n_prompts": len(self.prompts),
            "max_tokens": REPLY_TOKENS,
            "warning": self.warning,
            "totals": {name: estimate.as_json() for name, estimate in self.totals.items()},
            "dialogues": [
                {"id": prompt.id, "base": _as_json(base), "quant": _as_json(quant)}
                for prompt, base, quant in rows
            ],
        }


def _as_json(reply: Reply) -> dict[str, Any]:
    return {"n_tokens": len(reply.tokens), "closed": reply.closed, "text": reply.text}


Written = tuple[Reply, ...] | ModelError  # of one model to all prompts


def choose_prompts(models: Sequence[Model], suite: Suite, n: int) -> tuple[Prompt, ...]:
    """The prompts of `n` dialogues, spread evenly over those of `suite` that can be asked.

    Raises SuiteError where there are fewer, and ModelError where the models read one differently.
    """
    n_ctx = min(model.n_ctx for model in models)
    openings = {dialogue.id: dialogue for dialogue in suite.dialogues if _opening(dialogue)}
    read = (_prompt(models[0], dialogue) for dialogue in openings.values())
    askable = [prompt for prompt in read if len(prompt.tokens) + REPLY_TOKENS <= n_ctx]
    if len(askable) < n:
        raise SuiteError(
            f"the suite {suite.name} has {counted(len(askable), 'dialogue')} in which a student speaks first and "
            f"a reply of {REPLY_TOKENS} tokens fits a context of {n_ctx}; {n} replies need more"
        )
    chosen = [askable[i * len(askable) // n] for i in range(n)]
    for model in models[1:]:
        for prompt in chosen:
            if _tokens(model, openings[prompt.id]) != prompt.tokens:
                raise read_differently(models[0], model, f"dialogue {prompt.id!r}")
    return tuple(chosen)


def _opening(dialogue: Dialogue) -> tuple[Message, ...]:
    """The turns before the tutor's first; none where the tutor begins or never speaks."""
    roles = [message.role for message in dialogue.messages]
    n = roles.index("assistant") if "assistant" in roles else 0
    return dialogue.messages[:n] if "user" in roles[:n] else ()


def _prompt(model: Model, dialogue: Dialogue) -> Prompt:
    students = [message for message in _opening(dialogue) if message.role == "user"]
    return Prompt(dialogue.id, _tokens(model, dialogue), students[-1].content)


def _tokens(model: Model, dialogue: Dialogue) -> tuple[int, ...]:
    try:
        return tuple(model.prompt(_opening(dialogue)))
    except ModelError as error:
        raise ModelError(f"dialogue {dialogue.id!r}: {error}") from error


def compare_replies(
    models: Sequence[Model], prompts: Sequence[Prompt], *, progress: Progress | None = None
) -> tuple[Replies | ModelError, ...]:
    """For each model but the first, the base: its replies beside the base's, or the error of one.

    A model that fails does not keep the others from writing theirs.
    """
    total, done = len(models) * len(prompts), 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    base, *quants = (_written(model, prompts, advance) for model in models)
    return tuple(_beside(tuple(prompts), base, quant) for quant in quants)


def _written(model: Model, prompts: Sequence[Prompt], advance: Callable[[], None]) -> Written:
    written = []
    try:
        for prompt in prompts:
            written.append(greedy_reply(model, prompt))
            advance()
    except ModelError as error:
        return error
    return tuple(written)


def _beside(prompts: tuple[Prompt, ...], base: Written, quant: Written) -> Replies | ModelError:
    if isinstance(base, ModelError):
        return base
    return quant if isinstance(quant, ModelError) else Replies(prompts, base, quant)


def greedy_reply(model: Model, prompt: Prompt) -> Reply:
    """The tokens that `model` finds likeliest, one after the other, up to the end of its turn."""
    tokens: list[int] = []
    data, closed = b"", False
    for token in model.generate(prompt.tokens, max_tokens=REPLY_TOKENS):
        tokens.append(token)
        data += model.piece(token)
        # Without a chat template no token ends a turn, but its line does, as in a chat.
        line_ended = model.chat_template.is_plain and b"\n" in data.lstrip()
        closed = line_ended or model.is_end(token)
        if closed:
            break
    return Reply(tuple(tokens), data.decode("utf-8", "replace").strip(), closed)
