"""`llmq drift --generate`: the replies that the files write themselves, below the table of drift."""

import sys
from collections.abc import Iterator, Sequence

from llmq.errors import printable
from llmq.verbs.figures import cells, headings
from llmq.verbs.tables import aligned
from llmq_eval.drift import Drift
from llmq_eval.replies import REPLY_TOKENS, Replies
from llmq_eval.reply_metrics import REPLY_METRICS


def print_replies(name: str, rows: Sequence[tuple[Drift, Replies]]) -> None:
    """Say what was asked of the suite `name`; on stdout, a row for the base and for each file."""
    n_prompts = len(rows[0][1].prompts)
    print(
        f"{printable(name)}: replies to what opens {n_prompts} dialogues, each of at most"
        f" {REPLY_TOKENS} tokens, the likeliest one each time",
        file=sys.stderr,
    )
    for line in aligned(list(_rows(rows)), "<" + ">" * len(headings(REPLY_METRICS))):
        print(line)


def _rows(rows: Sequence[tuple[Drift, Replies]]) -> Iterator[tuple[str, ...]]:
    yield ("file", *headings(REPLY_METRICS))
    drift, replies = rows[0]
    yield (drift.base.name, *cells(REPLY_METRICS, replies.totals, "base"))
    for drift, replies in rows:
        yield (drift.quant.name, *cells(REPLY_METRICS, replies.totals, "quant"))
