"""A policy's limits beside the figures: kept, broken, not told by the evidence, or not measured."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmq.errors import DeviceError
from llmq.spelling import counted
from llmq_eval.gate.device import device_rows
from llmq_eval.gate.evidence import Axis, Evidence, Row
from llmq_eval.gate.figures import FIGURES, Figure
from llmq_eval.gate.judgement import RowResult, Status
from llmq_eval.gate.measures import Z
from llmq_eval.gate.one_sided import ALPHA, normal_quantile
from llmq_eval.gate.policy import Limit, Policy
from llmq_eval.gate.rows import NotMeasured
from llmq_eval.statistics import FEW_DOCUMENTS, Estimate

HOPELESS = 100  # times as many documents: nobody measures on so many
LEAST_OF_SUBJECT = 2  # documents


def limit_rows(axis: Axis, evidence: Evidence, policy: Policy) -> Iterator[RowResult]:
    """A row for every limit of this axis, and of the device's profile."""
    for name, limit in policy.limits.items():
        figure = FIGURES[name]
        if figure.axis != axis:
            continue
        rows = figure.where(evidence.tables.get(figure.table, ()))
        if limit.overall:
            yield _overall(figure, limit, rows)
        # Of a suite without subjects an overall limit says enough; if there is none, nothing does.
        grouped = any(row.get("subject") for row in rows)
        if limit.in_subjects().overall and (grouped or not limit.overall):
            yield _in_subjects(figure, limit.in_subjects(), rows)
    if axis == "device" and evidence.device and evidence.device.get("profile"):
        yield from _device_rows(evidence.device)


def estimated(figure: Figure, rows: Sequence[Row], z: float = Z) -> Estimate:
    """The figure, all of whose numbers are numbers. Raises NotMeasured."""
    if not rows:
        raise NotMeasured(figure.missing)
    try:
        found = figure.measure.estimate(rows, z)
    except (ArithmeticError, ValueError):  # sums that leave the numbers, a root of less than none
        raise NotMeasured("the rows hold no numbers that can be reckoned with") from None
    ends = (found.value, found.low or 0.0, found.high or 0.0)
    if not all(map(math.isfinite, ends)):
        raise NotMeasured("the figure is no number")
    return found


def held_against(limit: Limit, estimate: Estimate) -> Status:
    """Whether both bounds keep the limit, break it, or neither.

    >>> limit = Limit(at_most=0.1)
    >>> ends = ((0.08, 0.09), (0.09, 0.11), (0.11, 0.12))
    >>> [str(held_against(limit, Estimate(0.1, 0.01, *each))) for each in ends]
    ['PASS', 'INCONCLUSIVE', 'FAIL']
    """
    low, high = estimate.low, estimate.high
    if low is None or high is None:
        return Status.INCONCLUSIVE
    most = math.inf if limit.at_most is None else limit.at_most
    least = -math.inf if limit.at_least is None else limit.at_least
    if low > most or high < least:
        return Status.FAIL
    return Status.PASS if least <= low and high <= most else Status.INCONCLUSIVE


def limit_words(figure: Figure, limit: Limit) -> str:
    """The limit as it is shown."""
    ends = (("at least", limit.at_least), ("at most", limit.at_most))
    return ", ".join(f"{word} {figure.limit(x)}" for word, x in ends if x is not None)


def _device_rows(device: Mapping[str, Any]) -> Iterator[RowResult]:
    """What the profile of a device asks for, of samples that need no interval: the worst counts."""
    try:
        rows = device_rows(device)
    except DeviceError as error:
        yield RowResult("profile", "not measured", "", Status.SKIPPED, str(error))
        return
    for title, measured, limit, holds in rows:
        status = Status.SKIPPED if holds is None else Status.PASS if holds else Status.FAIL
        yield RowResult(title, measured, limit, status)


def _overall(figure: Figure, limit: Limit, rows: Sequence[Row]) -> RowResult:
    shown = limit_words(figure, limit)
    try:
        found = estimated(figure, rows)
        more = figure.words(rows)
    except NotMeasured as why:
        return RowResult(figure.heading, "not measured", shown, Status.SKIPPED, str(why))
    status = held_against(limit, found)
    words = [more] if more else []
    if status is Status.INCONCLUSIVE and not figure.in_vain(rows):
        words.append(_what_would_tell(figure, limit, found, rows))
    return RowResult(figure.heading, figure.shown(found), shown, status, "; ".join(words), found)


def _what_would_tell(figure: Figure, limit: Limit, found: Estimate, rows: Sequence[Row]) -> str:
    """How many documents would decide it, if the value stays: bounds shrink with the root of n."""
    n = len({row.get("id") for row in rows})
    if found.low is None or found.high is None:
        return f"a single {figure.of} tells nothing of chance: measure on more"
    ends = [end for end in (limit.at_most, limit.at_least) if end is not None]
    crossed = [end for end in ends if found.low <= end <= found.high]
    times = 1.0
    for end in crossed:
        reach = found.high - found.value if end >= found.value else found.value - found.low
        room = abs(end - found.value)
        times = max(times, (reach / room) ** 2 if room else math.inf)
    if times > HOPELESS and n < FEW_DOCUMENTS:
        return f"{counted(n, figure.of)} tell too little: measure on {FEW_DOCUMENTS} or more"
    if times > HOPELESS:
        return f"so near the limit that more {figure.of}s would hardly tell"
    return f"about {counted(math.ceil(n * times) + 1, figure.of)} would tell, if it stays so; these are {n}"


def _in_subjects(figure: Figure, limit: Limit, rows: Sequence[Row]) -> RowResult:
    """The worst subject, with bounds for as many looks as there are subjects.

    All have to keep the limit, which needs no correction. That none breaks it by chance does: each
    is called broken at a share of the level (Bonferroni).
    """
    title, shown = f"{figure.heading} in each subject", limit_words(figure, limit)
    try:
        estimated(figure, rows)
        found = dict(_by_subject(figure, rows))
        strict = dict(_by_subject(figure, rows, normal_quantile(ALPHA / max(1, len(found)))))
    except NotMeasured as why:
        return RowResult(title, "not measured", shown, Status.SKIPPED, str(why))
    if not found:
        few = f"no subject has {counted(LEAST_OF_SUBJECT, figure.of)}: measure on more"
        return RowResult(title, "too few", shown, Status.INCONCLUSIVE, few)
    kept = [held_against(limit, estimate) for estimate in found.values()]
    broken = [held_against(limit, estimate) for estimate in strict.values()]
    status = Status.PASS if set(kept) == {Status.PASS} else Status.INCONCLUSIVE
    if Status.FAIL in broken:
        status = Status.FAIL
    worst = max(found, key=lambda name: _beyond(limit, found[name].value))
    more = f"{worst} is the worst of {counted(len(found), 'subject')}"
    return RowResult(title, figure.shown(found[worst]), shown, status, more, found[worst])


def _beyond(limit: Limit, value: float) -> float:
    """How far a value is from keeping the limit; below 0 where it does."""
    over = -math.inf if limit.at_most is None else value - limit.at_most
    under = -math.inf if limit.at_least is None else limit.at_least - value
    return max(over, under)


def _by_subject(
    figure: Figure, rows: Sequence[Row], z: float = Z
) -> Iterator[tuple[str, Estimate]]:
    """Each subject that has documents enough."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get("subject", "")), []).append(row)
    for name, group in groups.items():
        if name and len({row.get("id") for row in group}) >= LEAST_OF_SUBJECT:
            yield name, estimated(figure, group, z)
