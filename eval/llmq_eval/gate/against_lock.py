"""The accepted file beside this one: a paired test of every figure that the lock can tell.

What makes a document hard is hard for both files, so that a change shows in pairs which is far
smaller than any policy's limit. All comparisons together call a file worse by chance with
probability alpha, however many there are (Holm 1979, A simple sequentially rejective multiple test
procedure). Rows that are the same need no test: nothing changed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from llmq_eval.gate.evidence import AXES, Axis, Evidence, Row
from llmq_eval.gate.figures import FIGURES, Figure
from llmq_eval.gate.judgement import RowResult, Status
from llmq_eval.gate.lock import Lock
from llmq_eval.gate.measures import Change
from llmq_eval.gate.one_sided import p_words
from llmq_eval.gate.rows import NotMeasured

TITLE = "against the accepted file"
REMEDY = (
    "worse than the accepted file: find out what changed (recipe, encoder, calibration, converter), or accept it:"
    ' llmq lock update --report REPORT --reason "..."'
)


class Compared(NamedTuple):
    """A figure and what became of it, or why that is not known."""

    figure: Figure
    change: Change | NotMeasured

    @property
    def unchanged(self) -> bool:
        """Whether the lock's rows are these."""
        return isinstance(self.change, Change) and self.change.unchanged

    @property
    def p(self) -> float:
        """The probability of such a change for the worse by chance."""
        if isinstance(self.change, NotMeasured) or self.unchanged:
            return 1.0
        return self.change.p_higher if self.figure.worse == "higher" else self.change.p_lower


def lock_rows(evidence: Evidence, lock: Lock, alpha: float) -> Mapping[Axis, Sequence[RowResult]]:
    """The rows of every axis that the lock can tell of."""
    reason = lock.not_comparable(evidence)
    found = (_compared(figure, evidence, lock) for figure in FIGURES.values())
    compared = [] if reason else [each for each in found if each]
    if not compared:
        words = reason or "the lock holds no rows that can be compared"
        return {"fidelity": [RowResult(TITLE, "not compared", "", Status.SKIPPED, words)]}
    level = levels([each.p for each in compared], alpha)
    rows: dict[Axis, list[RowResult]] = {axis: [] for axis in AXES}
    for each, allowed in zip(compared, level, strict=True):
        if not each.unchanged:
            rows[each.figure.axis].append(_row(each, allowed))
    for axis in AXES:
        if same := [
            each.figure.title for each in compared if each.unchanged and each.figure.axis == axis
        ]:
            words = f"unchanged: {', '.join(same)}"
            rows[axis].append(RowResult(TITLE, words, "not worse", Status.PASS))
    return rows


def levels(ps: Sequence[float], alpha: float) -> list[float]:
    """The level that each of several tests has to stay above, by Holm's procedure.

    The least p has to be above alpha / n; those after it are only called worse where it is.

    >>> [round(level, 4) for level in levels([0.2, 0.001, 0.004], 0.01)]
    [0.01, 0.0033, 0.005]
    >>> [round(level, 4) for level in levels([0.2, 0.009, 0.004], 0.01)]
    [0.0033, 0.0033, 0.0033]
    """
    order = sorted(range(len(ps)), key=ps.__getitem__)
    found = [0.0] * len(ps)
    for rank, index in enumerate(order):
        found[index] = alpha / (len(ps) - rank)
        if ps[index] > found[index]:  # from here on nothing is called worse
            for other in order[rank:]:
                found[other] = found[index]
            break
    return found


def _compared(figure: Figure, evidence: Evidence, lock: Lock) -> Compared | None:
    """What became of a figure; None where it is not one of these, or the lock has no rows of it."""
    then = figure.where(lock.tables.get(figure.table, ()))
    now = figure.where(evidence.tables.get(figure.table, ()))
    if figure.worse is None or not then:
        return None
    if not _tells(figure, then):  # nor do these rows, unless the lock's numbers are none
        unknown = NotMeasured("the lock's rows hold no numbers that can be reckoned with")
        return Compared(figure, unknown) if _tells(figure, now) else None
    try:
        return Compared(figure, figure.measure.change(now, then))
    except NotMeasured as why:
        return Compared(figure, why)
    except (ArithmeticError, ValueError):
        return Compared(figure, NotMeasured("the rows hold no numbers that can be reckoned with"))


def _tells(figure: Figure, rows: Sequence[Row]) -> bool:
    """Whether the rows tell the figure at all."""
    try:
        figure.measure.estimate(rows)
    except (NotMeasured, ArithmeticError, ValueError):
        return False
    return True


def _row(each: Compared, level: float) -> RowResult:
    figure, change = each.figure, each.change
    title = f"{figure.heading_of_file} {TITLE}"
    if isinstance(change, NotMeasured):
        return RowResult(title, "not compared", "", Status.SKIPPED, str(change))
    worse, moved = each.p <= level, change.difference
    ends = (moved.value, moved.low or 0.0, moved.high or 0.0)
    scale, digits = figure.unit.factor, figure.digits
    value, low, high = (f"{x * scale:+.{digits}f}" for x in ends)
    sign = "+" if figure.signed and not figure.is_share else "-"
    before, after = (f"{x * scale:{sign}.{digits}f}" for x in (change.before, change.after))
    unit, points = (" %", " points") if figure.is_share else (figure.unit.in_cell, "")
    return RowResult(
        title,
        f"{before} -> {after}{unit}: {value} ({low} to {high}){points}",
        f"not worse beyond chance (p > {level:.2g})",
        Status.FAIL if worse else Status.PASS,
        p_words(each.p),
        moved,
    )
