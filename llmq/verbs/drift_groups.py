"""`llmq drift --by`: the figures of each subject or source."""

import sys
from collections.abc import Iterator, Sequence

from llmq.errors import printable
from llmq.verbs.figures import NONE
from llmq.verbs.tables import aligned, terminal_width
from llmq_eval.drift import Drift
from llmq_eval.groups import GROUP_METRICS, By, Group, groups

UNNAMED = "(none)"


def print_groups(drifts: Sequence[Drift], by: By | None) -> None:
    """A table for each file, on stdout; a remark where no dialogue names what is asked for."""
    if by is None:
        return
    sides, width = "<" + ">" * (2 + len(GROUP_METRICS)), terminal_width(sys.stdout)
    for drift in drifts:
        found = groups(drift.documents, by)
        if not found:
            print(
                f"note: no dialogue of {printable(drift.suite_name)} names its {by}",
                file=sys.stderr,
            )
            return
        print()
        print(f"{printable(drift.quant.name)} by {by}")
        for line in aligned(list(_rows(found, by)), sides, width):
            print(line)


def _rows(found: Sequence[Group], by: By) -> Iterator[tuple[str, ...]]:
    yield (by, "dialogues", "tokens", *(metric.heading for metric in GROUP_METRICS))
    for group in found:
        totals = group.totals
        cells = (m.cell(totals[m.name]) if m.name in totals else NONE for m in GROUP_METRICS)
        yield (group.name or UNNAMED, f"{group.n_documents}", f"{group.n_tokens}", *cells)
