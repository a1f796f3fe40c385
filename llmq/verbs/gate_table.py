"""What `llmq gate` prints: a row for every question, what else is to be said, the verdict."""

import sys
from collections.abc import Iterator, Sequence

from llmq.errors import printable
from llmq.verbs.tables import aligned, terminal_width, wrapped
from llmq_eval.gate.judgement import AxisResult, Judgement, Status

LEGEND = (
    "In brackets: the range in which a figure may lie. PASS: all of it keeps the limit. FAIL: none of it does. "
    "INCONCLUSIVE: a part does; measure on more. SKIPPED: not measured."
)
NARROW = 76  # characters, below which four columns do not stand side by side
HEADINGS = ("axis", "status", "figure and limit", "measured")


def print_judgement(judgement: Judgement) -> None:
    """The table and the verdict on standard output, remarks on the other."""
    width = terminal_width(sys.stdout)
    rows = [HEADINGS, *(row for axis in judgement.axes for row in _rows(axis))]
    sides = "<<~~"
    if width is not None and width < NARROW:
        rows, sides = _narrow(rows), "<~"
    print("\n".join(aligned(rows, sides, width)))
    print()
    print("\n".join(wrapped(LEGEND, width)))
    for line in _words(judgement):
        print("\n".join(wrapped(line, width)))
    for remark in judgement.remarks:
        print(f"note: {printable(remark)}", file=sys.stderr)
    sys.stdout.flush()
    print("\n".join(wrapped(printable(judgement.sentence), width)))


def _narrow(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The same in two columns: the status, and all else in words."""
    (axis, status, *heads), *others = rows
    narrow: list[tuple[str, ...]] = [(status, ", ".join((axis, *heads)))]
    name = ""
    for axis, status, asked, measured in others:
        name = axis or name
        narrow.append((status, f"{name}, {asked}; {measured}" if asked else f"{name}: {measured}"))
    return narrow


def _rows(axis: AxisResult) -> Iterator[tuple[str, ...]]:
    """An axis: each of its questions, or why it has none."""
    if not axis.rows:
        yield axis.name, str(axis.status), "", axis.words
    for index, row in enumerate(axis.rows):
        name = axis.name if index == 0 else ""
        asked = f"{row.title}: {row.limit}" if row.limit else row.title
        yield name, str(row.status), asked, row.measured


def _words(judgement: Judgement) -> Iterator[str]:
    """What is said of the rows that do not pass."""
    for axis in judgement.axes:
        for row in axis.rows:
            if row.words and row.status is not Status.PASS:
                yield printable(f"{axis.name}, {row.title}: {row.words}")
