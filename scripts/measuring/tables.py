"""The measured rows as Markdown, for the terminal as for eval/README.md and README.md."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from llmq_eval.metric import Metric
from llmq_eval.metrics import METRICS
from llmq_eval.reply_metrics import REPLY_METRICS
from llmq_eval.statistics import Estimate
from scripts.measuring.kinds import KINDS, PEER

BY_PEER = f"by {KINDS[PEER].title}"
FULL = (
    "recipe",
    "file",
    "bytes of tensors",
    "mean KL (nats)",
    f"mean KL {BY_PEER}",
    "its standard error",
    "same top token",
    "median KL",
    "99.9 % KL",
    f"99.9 % KL {BY_PEER}",
    "perplexity by the base's",
)
SHORT = ("recipe", "file", "size", "mean KL (nats)", BY_PEER, "same top token")
REPLIES = ("recipe", "file", "mean reply (tokens)", "by the base's", "not closed", "same reply")
KNOWN = {metric.name: metric for metric in (*METRICS, *REPLY_METRICS)}
NONE = "-"


def full(report: Mapping[str, Any]) -> Iterator[str]:
    """A table for each text, one for replies, and what was measured."""
    for text in report["texts"]:
        rows = [row for row in report["rows"] if row["text"] == text["name"]]
        yield (
            f"{report['checkpoint']} on {text['name']}: {text['n_documents']} {text['unit']}s, "
            f"{text['n_tokens']:,} tokens; ± is half a 95 % interval"
        )
        yield ""
        yield from table(FULL, map(_full, rows))
        yield ""
    if report["replies"]:
        first = report["replies"][0]
        yield f"greedy replies to {first['n_prompts']} openings; of the base: {_base(first)}"
        yield ""
        yield from table(REPLIES, map(_replies, report["replies"]))
        yield ""


def short(report: Mapping[str, Any]) -> Iterator[str]:
    """What a user gets, on the first text."""
    name = report["texts"][0]["name"]
    rows = [row for row in report["rows"] if row["text"] == name and not row["decoded"]]
    yield from table(SHORT, map(_short, rows))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cells)} |"


def _named(row: Mapping[str, Any]) -> list[str]:
    decoded = ", decoded to F32" if row.get("decoded") else ""
    return [row["recipe"], KINDS[row["kind"]].title + decoded]


def _full(row: Mapping[str, Any]) -> list[str]:
    ratio = row.get("kl_ratio")
    return [
        *_named(row),
        f"{row['tensor_bytes']:,}",
        _cell(row, "mean_kl_nats"),
        _ratio(ratio),
        _share(ratio),
        _cell(row, "same_top_rate"),
        f"{row['totals']['kl_p50_nats']['value']:.5f}",
        f"{row['totals']['kl_p999_nats']['value']:.2f}",
        _number(row.get("kl_p999_ratio")),
        _ratio(row["perplexity_ratio"], digits=3),
    ]


def _short(row: Mapping[str, Any]) -> list[str]:
    return [
        *_named(row),
        f"{row['tensor_bytes'] / 1e6:.1f} MB",
        _cell(row, "mean_kl_nats"),
        _ratio(row.get("kl_ratio")),
        _cell(row, "same_top_rate"),
    ]


def _replies(row: Mapping[str, Any]) -> list[str]:
    return [
        *_named(row),
        _cell(row, "quant_reply_tokens"),
        _ratio(row["totals"]["reply_length_ratio"]),
        _cell(row, "quant_open_rate"),
        _cell(row, "same_reply_rate"),
    ]


def _base(row: Mapping[str, Any]) -> str:
    return f"{_cell(row, 'base_reply_tokens')} tokens, {_cell(row, 'base_open_rate')} not closed"


def _cell(row: Mapping[str, Any], name: str) -> str:
    """A figure as drift shows it."""
    metric: Metric = KNOWN[name]
    return metric.cell(Estimate(**row["totals"][name]))


def _ratio(ratio: Mapping[str, float | None] | None, digits: int = 2) -> str:
    """A ratio with the ends of its interval."""
    if ratio is None:
        return NONE
    value, low, high = ratio["value"], ratio["low"], ratio["high"]
    text = f"{value:.{digits}f}"
    return text if low is None else f"{text} ({low:.{digits}f} to {high:.{digits}f})"


def _share(ratio: Mapping[str, float | None] | None) -> str:
    """The standard error as a share of the ratio."""
    if ratio is None or ratio["standard_error"] is None or not ratio["value"]:
        return NONE
    return f"{100 * ratio['standard_error'] / ratio['value']:.1f} %"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"
