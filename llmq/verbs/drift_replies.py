"""`llmq drift --generate`: the replies that the files write, in a table below that of drift."""

import sys
from collections.abc import Iterator, Mapping, Sequence

from llmq.errors import ModelError, printable
from llmq.runtime import Model
from llmq.verbs.figures import cells, headings
from llmq.verbs.progress import documents_bar
from llmq.verbs.tables import aligned
from llmq_eval.drift import Drift, Failure
from llmq_eval.replies import REPLY_TOKENS, Prompt, Replies, compare_replies
from llmq_eval.reply_metrics import REPLY_METRICS


def replies_beside(
    models: Sequence[Model], results: Sequence[Drift | Failure], prompts: Sequence[Prompt]
) -> tuple[dict[Drift, Replies], list[Failure]]:
    """The replies of each file that was measured, beside the base's, and the files that failed.

    `results` are those of `models` after the first, the base.
    """
    base, *quants = models
    pairs = zip(quants, results, strict=True)
    alive = {drift: model for model, drift in pairs if isinstance(drift, Drift)}
    found: dict[Drift, Replies] = {}
    failed: list[Failure] = []
    if not prompts or not alive:
        return found, failed
    with documents_bar("replies") as progress:
        written = compare_replies([base, *alive.values()], prompts, progress=progress)
    for drift, replies in zip(alive, written, strict=True):
        if isinstance(replies, ModelError):
            failed.append(Failure(drift.quant, replies))
        else:
            found[drift] = replies
    return found, failed


def print_replies(name: str, rows: Mapping[Drift, Replies]) -> None:
    """Say what was asked of the suite `name`; on stdout, a row for the base and for each file."""
    first = next(iter(rows.values()))
    print(
        f"{printable(name)}: replies to what opens {len(first.prompts)} dialogues, each of at most"
        f" {REPLY_TOKENS} tokens, the likeliest one each time",
        file=sys.stderr,
    )
    if first.warning:
        print(f"note: {first.warning}", file=sys.stderr)
    for line in aligned(list(_rows(rows)), "<" + ">" * len(headings(REPLY_METRICS))):
        print(line)


def _rows(rows: Mapping[Drift, Replies]) -> Iterator[tuple[str, ...]]:
    yield ("file", *headings(REPLY_METRICS))
    drift, replies = next(iter(rows.items()))
    yield (drift.base.name, *cells(REPLY_METRICS, replies.totals, "base"))
    for drift, replies in rows.items():
        yield (drift.quant.name, *cells(REPLY_METRICS, replies.totals, "quant"))
