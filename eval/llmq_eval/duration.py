"""How long a measurement will take: a few tokens are read and written by the opened models first.

What is said from it is a guess: replies may be longer than REPLY_GUESS, other programs may compute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from llmq.errors import ModelError
from llmq.runtime import Model
from llmq.runtime.together import AT_ONCE
from llmq_eval.comparison import compare
from llmq_eval.likelihood import Passage
from llmq_eval.material import Document
from llmq_eval.openings import Prompt
from llmq_eval.writing import GREEDILY, WAYS, written

REPLY_GUESS = 80  # tokens; tutors' turns are mostly shorter
WARM_UP = 8  # tokens, while the weights come from the disk
SAMPLE = 64  # tokens to time
SLOW_SECONDS = 0.25  # a model that takes as long to warm up is timed on fewer
SLOW_SAMPLE = 16
WRITTEN = 8  # tokens of a reply to time


@dataclass(frozen=True)
class Work:
    """What is ahead, in seconds: of each document, and of all models' replies to one prompt."""

    documents: tuple[float, ...]
    reply: float = 0.0


def estimated_work(
    models: Sequence[Model], documents: Sequence[Document], prompts: Sequence[Prompt]
) -> Work | None:
    """The work of comparing `models` on the documents and their replies; None where one fails."""
    try:
        per_token = _seconds_a_token(models, documents)
        reply = _seconds_a_reply(models, prompts, per_token) if prompts else 0.0
    except ModelError:  # which will be said when it is measured
        return None
    return Work(tuple(_n_read(document) * per_token for document in documents), reply)


def _n_read(document: Document) -> int:
    return sum(max(passage.scored, default=0) for passage in document.passages)


def _seconds_a_token(models: Sequence[Model], documents: Sequence[Document]) -> float:
    """The time of all models for a token read, with the usual share of tokens compared."""
    base, *quants = models
    passage = max((p for d in documents for p in d.passages), key=lambda p: len(p.tokens))
    share = sum(d.n_scored for d in documents) / max(1, sum(map(_n_read, documents)))

    def seconds(n: int) -> float:
        last = min(n, len(passage.tokens) - 1, base.n_ctx)
        scored = tuple(range(last + 1 - max(1, round(share * last)), last + 1))
        start = perf_counter()
        compare(base, quants, Passage(passage.tokens[: last + 1], scored))
        return (perf_counter() - start) / last

    slow = seconds(WARM_UP) * WARM_UP > SLOW_SECONDS * len(models)
    return seconds(SLOW_SAMPLE if slow else SAMPLE)


def _seconds_a_reply(models: Sequence[Model], prompts: Sequence[Prompt], per_token: float) -> float:
    """The time of all models for reading a prompt and writing all replies to it."""
    few, n_written = prompts[:AT_ONCE], 0
    start = perf_counter()
    for model in models:
        writers = [written(model, p.tokens[:WARM_UP], GREEDILY, WRITTEN) for p in few]
        replies = model.write_together(writers, room=WARM_UP + WRITTEN)
        n_written += sum(len(reply.tokens) for reply in replies)
    a_token = (perf_counter() - start) / n_written * len(models)
    read = sum(len(prompt.tokens) for prompt in prompts) / len(prompts) * per_token
    return read + a_token * REPLY_GUESS * len(WAYS)


def in_words(seconds: float) -> str:
    """A duration as one says it.

    >>> [in_words(seconds) for seconds in (2, 42, 100, 600, 9000)]
    ['a few seconds', 'about 40 seconds', 'about 2 minutes', 'about 10 minutes', 'about 2.5 hours']
    """
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} seconds"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"
