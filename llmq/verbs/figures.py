"""The figures of metrics as cells of a table: the base's in one line, each other file's below."""

from collections.abc import Mapping, Sequence
from typing import Literal

from llmq_eval.metrics import Metric
from llmq_eval.statistics import Estimate


def headings(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """The columns: figures of the base and of the others share one where they are called alike."""
    return tuple(dict.fromkeys(metric.heading for metric in metrics if metric.line))


def cells(
    metrics: Sequence[Metric], totals: Mapping[str, Estimate], line: Literal["base", "quant"]
) -> tuple[str, ...]:
    """One line, a cell for each heading; `METRICS` says which figures stand in which line."""
    shown = {m.heading: m.cell(totals[m.name]) for m in metrics if m.line == line}
    return tuple(shown.get(heading, "") for heading in headings(metrics))
