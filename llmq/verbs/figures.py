"""The figures of metrics as cells of a table: the base's in one line, each other file's below."""

from collections.abc import Mapping, Sequence

from llmq_eval.metric import Line, Metric
from llmq_eval.statistics import Estimate

MAIN: tuple[Line, ...] = ("base", "quant")
NONE = "-"  # where no token counts


def headings(metrics: Sequence[Metric], lines: tuple[Line, ...] = MAIN) -> tuple[str, ...]:
    """The columns: figures of the base and of the others share one where they are called alike."""
    return tuple(dict.fromkeys(metric.heading for metric in metrics if metric.line in lines))


def cells(metrics: Sequence[Metric], totals: Mapping[str, Estimate], line: Line) -> tuple[str, ...]:
    """One line, a cell for each heading; `METRICS` says which figures stand in which line."""
    shown = {
        m.heading: m.cell(totals[m.name]) if m.name in totals else NONE
        for m in metrics
        if m.line == line
    }
    columns = headings(metrics, MAIN if line in MAIN else (line,))
    return tuple(shown.get(heading, "") for heading in columns)
