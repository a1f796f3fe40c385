"""The judge: evidence and a policy in, a verdict out. Nothing is measured or read here.

A limit is kept where both bounds of the figure keep it (`one_sided.py`), and broken where they lie
beyond it altogether; in between, the evidence does not tell. What was not measured is never taken
for kept: an axis on which something that the policy asks for has no number is SKIPPED, and where
the policy makes it mandatory, no file passes.
"""

from collections.abc import Iterator, Mapping, Sequence

from llmq.spelling import counted
from llmq_eval.gate.against_limits import limit_rows
from llmq_eval.gate.against_lock import REMEDY, TITLE, lock_rows
from llmq_eval.gate.evidence import AXES, Axis, Check, Evidence
from llmq_eval.gate.judgement import AxisResult, Judgement, RowResult, Status
from llmq_eval.gate.lock import Lock
from llmq_eval.gate.policy import Policy
from llmq_eval.gate.remarks import remarks_on

# The first that applies, of all mandatory axes: a file that failed is not saved by what is unknown.
WORST_FIRST = (Status.FAIL, Status.SKIPPED, Status.INCONCLUSIVE, Status.PASS)
EXIT_CODES = {Status.PASS: 0, Status.FAIL: 1, Status.INCONCLUSIVE: 3, Status.SKIPPED: 4}
OF_CHECK = {"pass": Status.PASS, "fail": Status.FAIL, "skipped": Status.SKIPPED}
NOT_ASKED = "not measured, and the policy does not ask for it"


def judge(evidence: Evidence, policy: Policy, lock: Lock | None = None) -> Judgement:
    """The verdict on a file by what was measured of it, and beside the accepted one of the lock."""
    compared = lock_rows(evidence, lock, policy.lock_alpha) if lock else {}
    axes = tuple(_axis(axis, evidence, policy, compared.get(axis, ())) for axis in AXES)
    status = worst([axis.status for axis in axes if _counts(axis)])
    worse = any(row.status is Status.FAIL for rows in compared.values() for row in rows)
    return Judgement(
        axes=axes,
        status=status,
        exit_code=EXIT_CODES[status],
        policy_name=policy.name,
        policy_sha256=policy.sha256,
        sentence=_sentence(evidence, policy, status, axes, compared),
        remarks=(*remarks_on(evidence, policy, lock), *([REMEDY] if worse else [])),
    )


def worst(statuses: Sequence[Status]) -> Status:
    """The one that decides; of none, SKIPPED.

    >>> str(worst([Status.PASS, Status.SKIPPED, Status.FAIL])), str(worst([]))
    ('FAIL', 'SKIPPED')
    """
    return next((status for status in WORST_FIRST if status in statuses), Status.SKIPPED)


def _counts(axis: AxisResult) -> bool:
    """Whether an axis has a say: mandatory ones have, others when they do not pass."""
    return axis.mandatory or axis.status in (Status.FAIL, Status.INCONCLUSIVE)


def _axis(
    axis: Axis, evidence: Evidence, policy: Policy, compared: Sequence[RowResult]
) -> AxisResult:
    checks = [check for check in evidence.checks if check.axis == axis]
    rows = (
        *map(_check_row, checks),
        *limit_rows(axis, evidence, policy),
        *compared,
    )
    excused = {check.name for check in checks if check.status == "skipped"} & {*policy.may_skip}
    status = worst([row.status for row in rows if row.title not in excused])
    incomparable = any(row.status is Status.SKIPPED for row in compared)
    named = axis == "device" and bool((evidence.device or {}).get("profile"))
    mandatory = axis in policy.mandatory or incomparable or named
    return AxisResult(axis, status, rows, _axis_words(axis, evidence, rows, status), mandatory)


def _check_row(check: Check) -> RowResult:
    return RowResult(check.name, check.words, "", OF_CHECK[check.status])


def _axis_words(axis: Axis, evidence: Evidence, rows: Sequence[RowResult], status: Status) -> str:
    """Why an axis is SKIPPED; nothing of others."""
    if status is not Status.SKIPPED:
        return ""
    unknown = [row for row in rows if row.status is Status.SKIPPED]
    if reason := evidence.skipped.get(axis):
        return reason
    return f"not measured: {unknown[0].title}: {_why(unknown[0])}" if unknown else NOT_ASKED


def _why(row: RowResult) -> str:
    return row.words or row.measured


def _sentence(
    evidence: Evidence,
    policy: Policy,
    status: Status,
    axes: Sequence[AxisResult],
    compared: Mapping[Axis, Sequence[RowResult]],
) -> str:
    """The verdict in a sentence."""
    name = evidence.quant.name
    of = [axis.name for axis in axes if _counts(axis) and axis.status is status]
    where, passed = ", ".join(of), counted(len(of), "axis", "axes")
    return {
        Status.PASS: f"PASS: {name} keeps to the policy {policy.name} on {passed}: {where}.",
        Status.FAIL: f"FAIL: {name} {_failed(policy, axes, compared)}.",
        Status.SKIPPED: f"SKIPPED: not all was measured that the policy {policy.name} makes mandatory: "
        f"{where}; {name} does not pass.",
        Status.INCONCLUSIVE: f"INCONCLUSIVE: what was measured of {name} does not tell whether it keeps to "
        f"the policy {policy.name}: {where}; it does not pass.",
    }[status]


def _failed(
    policy: Policy, axes: Sequence[AxisResult], compared: Mapping[Axis, Sequence[RowResult]]
) -> str:
    """What of the policy is broken, and what is worse than the accepted file."""
    own = {
        axis.name: [row for row in axis.rows if row not in compared.get(axis.name, ())]
        for axis in axes
    }
    said = (
        (f"breaks the policy {policy.name}", "; ".join(_broken(own))),
        ("is worse than the accepted file", "; ".join(_broken(compared))),
    )
    return ", and ".join(f"{words}: {rows}" for words, rows in said if rows)


def _broken(rows: Mapping[Axis, Sequence[RowResult]]) -> Iterator[str]:
    """The rows that failed, by axis."""
    for axis, of_axis in rows.items():
        failed = [row.title for row in of_axis if row.status is Status.FAIL]
        if failed:
            yield f"{axis} ({', '.join(title.removesuffix(f' {TITLE}') for title in failed)})"
