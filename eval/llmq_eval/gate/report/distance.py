"""How far the file is from its original: the distribution of KL, and its mean by subject."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmq_eval.gate.evidence import Evidence, Row
from llmq_eval.gate.figures import FIGURES
from llmq_eval.gate.report.markup import Html, tag
from llmq_eval.gate.report.plots import Histogram, Scale, interval, plain
from llmq_eval.gate.report.shown import one_line
from llmq_eval.gate.report.tables import lead, remark, section, share, table
from llmq_eval.gate.rows import NotMeasured
from llmq_eval.statistics import Estimate

MOST_SUBJECTS = 40
MEAN_KL = FIGURES["mean_kl_nats"]
LEAST_NATS = 1e-6  # what lies below is told, not drawn


def distribution(evidence: Evidence) -> Html:
    """The histogram of KL over tokens."""
    found = evidence.samples.get("kl_histogram")
    if not found:
        return Html("")
    n_all = sum(found["counts"]) + found.get("n_below", 0) + found.get("n_above", 0)
    title = "How far its odds for the next token lie from the original's"
    if found.get("n_zero") == n_all:
        return section(title, lead("At every place the odds are exactly the same."), name="kl")
    found = _drawn(found)
    drawing = Histogram(found["edges_nats"], found["counts"], n_all).draw(
        "histogram", "Distribution of KL over tokens", " ".join(_quantiles(found, n_all))
    )
    return section(
        title,
        lead(
            "Both files read the same dialogues. At every token of the tutor, the distance between what "
            "each expected there is a number, called KL, in nats: 0 is no difference, ",
            tag("b", "0.01"),
            " hardly any, ",
            tag("b", "1"),
            " another word. ",
            *_quantiles(found, n_all),
        ),
        tag(
            "figure", drawing, tag("figcaption", "KL in nats, logarithmic; height: share of tokens")
        ),
        *_outside(found, n_all),
        name="kl",
    )


def _drawn(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the bins below LEAST_NATS counted among what is below the first."""
    edges = found["edges_nats"]
    first = next((i for i, edge in enumerate(edges[:-1]) if edge >= LEAST_NATS * 0.999), 0)
    counts = found["counts"]
    n_below = found.get("n_below", 0) + sum(counts[:first])
    return {**found, "edges_nats": edges[first:], "counts": counts[first:], "n_below": n_below}


def _quantiles(found: Mapping[str, Any], n_all: int) -> Iterator[str]:
    """What half of the tokens, and all but a hundredth, stay below: by the edges of their bins."""
    for part, words in (
        (0.5, "Half of the {} tokens stay below {}"),
        (0.99, ", 99 of 100 below {}."),
    ):
        n = found.get("n_below", 0)
        edge = found["edges_nats"][0]
        for count, high in zip(found["counts"], found["edges_nats"][1:], strict=True):
            if n >= part * n_all:
                break
            n, edge = n + count, high
        yield words.format(
            *((f"{n_all:,}", plain_edge(edge)) if part == 0.5 else (plain_edge(edge),))
        )


def plain_edge(edge: float) -> str:
    """An edge of a bin with two digits.

    >>> plain_edge(0.01258), plain_edge(0.000001)
    ('0.013', '0.000001')
    """
    return plain(float(f"{edge:.2g}"))


def _outside(found: Mapping[str, Any], n_all: int) -> Iterator[Html]:
    below, above = found.get("n_below", 0), found.get("n_above", 0)
    edges = found["edges_nats"]
    if below:
        yield remark(f"Not drawn: {share(below, n_all)} tokens below {plain_edge(edges[0])}.")
    if above:
        yield remark(f"Not drawn: {share(above, n_all)} tokens beyond {plain_edge(edges[-1])}.")


def mean_kl(rows: Sequence[Row]) -> Estimate | None:
    """The mean over all tokens of these documents, as it is judged; None where there is none."""
    try:
        return MEAN_KL.measure.estimate(rows)
    except NotMeasured:
        return None


def by_subject(evidence: Evidence) -> Html:
    """A point with its interval for each subject, the farthest first."""
    rows = evidence.tables.get("tokens", ())
    overall = mean_kl(rows)
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.get("subject", "")].append(row)
    found = [(name, mean_kl(group), group) for name, group in groups.items()]
    known = [(name, kl, group) for name, kl, group in found if kl is not None]
    if overall is None or len(known) < 2:
        return Html("")
    known.sort(key=lambda item: -item[1].value)
    listed = [("all", overall, list(rows)), *known[:MOST_SUBJECTS]]
    scale = Scale(0, max(kl.high or kl.value for _, kl, _ in listed))
    cells = [
        (
            tag("bdi", one_line(name, 100) or "no subject"),
            f"{len(group):,}",
            interval(scale, kl.value, _ends(kl), overall.value),
            MEAN_KL.shown(kl),
        )
        for name, kl, group in listed
    ]
    left = len(known) - MOST_SUBJECTS
    return section(
        "By subject",
        lead(
            "Mean KL over the tutor's tokens, with the range that it is judged by above. "
            "The thin line is the mean over all subjects. Few dialogues give wide ranges."
        ),
        table(("subject", "dialogues", "mean KL", "nats"), cells, "forest"),
        *([remark(f"{left} further subjects are in the JSON report.")] if left > 0 else []),
        name="subjects",
    )


def _ends(kl: Estimate) -> tuple[float, float] | None:
    return None if kl.low is None or kl.high is None else (max(0.0, kl.low), kl.high)
