"""`llmq drift --generate` and `--show`: the files' own replies, counted and side by side."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from llmq.chat.sanitize import sanitized
from llmq.errors import ModelError, printable
from llmq.runtime import Model
from llmq.spelling import counted
from llmq.verbs.figures import cells, headings
from llmq.verbs.side_by_side import INDENT, MARK, side_by_side, wrapped
from llmq.verbs.tables import aligned, terminal_width
from llmq_eval.drift import Drift, Failure
from llmq_eval.openings import REPLY_TOKENS, Prompt
from llmq_eval.replies import Replies, compare_replies
from llmq_eval.reply_metrics import REPLY_METRICS
from llmq_eval.writing import TEMPERATURE, Reply

WIDTH = 80  # of replies side by side where no terminal has another


def replies_beside(
    models: Sequence[Model],
    results: Sequence[Drift | Failure],
    prompts: Sequence[Prompt],
    progress: Callable[[int, int], None],
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
        f"{printable(name)}: replies to what opens {counted(len(first.prompts), 'dialogue')}, each of at most"
        f" {REPLY_TOKENS} tokens: one greedy, one sampled at temperature {TEMPERATURE:g}",
        file=sys.stderr,
    )
    if first.warning:
        print(f"note: {first.warning}", file=sys.stderr)
    print()
    table = list(_rows(rows))
    for line in aligned(table, "<" + ">" * (len(table[0]) - 1), terminal_width(sys.stdout)):
        print(line)


def _rows(rows: Mapping[Drift, Replies]) -> Iterator[tuple[str, ...]]:
    drift, replies = next(iter(rows.items()))
    counted = [metric for metric in REPLY_METRICS if metric.name in replies.totals]
    yield ("file", *headings(counted))
    yield (drift.base.name, *cells(counted, replies.totals, "base"))
    for drift, replies in rows.items():
        yield (drift.quant.name, *cells(counted, replies.totals, "quant"))


def show_replies(rows: Mapping[Drift, Replies], n: int) -> None:
    """Print `n` of the greedy replies, spread over all, the base's beside the other files'."""
    width = terminal_width(sys.stdout) or WIDTH
    n_all = len(next(iter(rows.values())).prompts)
    print(f"the base's replies beside the others'; {MARK} where they part", file=sys.stderr)
    for number in range(n):
        print()
        print(*_shown(rows, number * n_all // n, f"{number + 1} of {n}", width), sep="\n")


def _shown(rows: Mapping[Drift, Replies], index: int, place: str, width: int) -> Iterator[str]:
    """The replies of all files to one prompt, as lines."""
    first = next(iter(rows))
    prompt = rows[first].prompts[index]
    names = [first.base.name, *(drift.quant.name for drift in rows)]
    pairs = [replies.greedy(index) for replies in rows.values()]
    replies = [pairs[0][0], *(quant for _, quant in pairs)]
    texts = [_text(reply) for reply in replies]
    yield from wrapped(f"[{place}] {printable(prompt.id)}", width)
    yield from wrapped(f"student: {sanitized(prompt.asked)}", width)
    titles = [printable(name) for name in names]
    if len({reply.tokens for reply in replies}) == 1:
        yield from wrapped(f"{', '.join(titles)}: the same, word for word", width)
        yield from (INDENT + line for line in wrapped(texts[0], width - len(INDENT)))
    else:
        yield from side_by_side(titles, texts, width)


def _text(reply: Reply) -> str:
    """What of a reply a terminal may be shown."""
    return (sanitized(reply.text) or "(nothing)") + ("" if reply.closed else " [cut off]")
