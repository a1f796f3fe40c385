"""What closeness costs: several files of one original, megabytes against mean KL."""

from collections.abc import Sequence
from itertools import takewhile

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.report.distance import MEAN_KL, mean_kl
from llmq_eval.gate.report.markup import Html, tag
from llmq_eval.gate.report.scatter import Measured, size_and_quality
from llmq_eval.gate.report.shown import one_line
from llmq_eval.gate.report.tables import lead, remark, section, table

MOST_FILES = 24
AXES = (
    "across: size in MB; up: mean KL in nats, logarithmic, with the ranges that they are judged by"
)


def by_size(evidence: Evidence, beside: Sequence[Evidence]) -> Html:
    """This file and others of the same original, as points and as a table."""
    alike = [other for other in beside if _comparable(evidence, other)]
    others = [other for other in alike if other.quant.sha256 != evidence.quant.sha256]
    points = measured([evidence, *others][:MOST_FILES])
    if len(points) < 2 or not any(point.kl.value > 0 for point in points):
        return Html("")
    said = (
        "Lower is closer to the original, further left is smaller. The filled point is this file."
    )
    n_left_out = len(beside) - len(alike)
    return section(
        "Size against closeness",
        lead(said),
        tag("figure", size_and_quality(points), tag("figcaption", AXES)),
        table(("file", "MB", "mean KL (nats)"), [_row(point) for point in points]),
        *(
            [remark(f"{n_left_out} reports of another original or suite are left out.")]
            * bool(n_left_out)
        ),
        name="sizes-section",
    )


def _comparable(one: Evidence, other: Evidence) -> bool:
    """Whether both files were held against the same original, on the same suites."""
    suites = [{suite.sha256 for suite in each.suites} for each in (one, other)]
    return one.base.sha256 == other.base.sha256 and suites[0] == suites[1]


def measured(files: Sequence[Evidence]) -> list[Measured]:
    """The files as points, by their sizes; the first of `files` is the one that is judged."""
    labels = _labels([each.quant.name for each in files])
    points = [
        Measured(label, each.quant.name, each.quant.size_bytes / 1e6, kl, each is files[0])
        for each, label in zip(files, labels, strict=True)
        if (kl := mean_kl(each.tables.get("tokens", ()))) is not None
    ]
    return sorted(points, key=lambda point: point.megabytes)


def _row(point: Measured) -> tuple[str, ...]:
    name = tag("bdi", one_line(point.name, 150))
    this = " (this file)" if point.is_this else ""
    return tag("span", name, this), f"{point.megabytes:,.1f}", MEAN_KL.shown(point.kl)


def _labels(names: Sequence[str]) -> list[str]:
    """What tells the files apart: their names without what all begin with.

    >>> _labels(["tutor-Q4_0.gguf", "tutor-Q8_0.gguf"])
    ['Q4_0', 'Q8_0']
    """
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    first = len(list(alike))
    while first and names[0][first - 1] not in "-. ":
        first -= 1
    return [one_line(name[first:].removesuffix(".gguf"), 24) or "this" for name in names]
