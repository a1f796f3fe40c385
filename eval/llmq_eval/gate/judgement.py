"""What the judge says: a status for each row, each axis, and all of it."""

from dataclasses import dataclass
from enum import StrEnum

from llmq_eval.gate.evidence import Axis
from llmq_eval.statistics import Estimate


class Status(StrEnum):
    """PASS is the only one that lets a file through."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class RowResult:
    """One question and its answer; `measured` and `limit` are texts ready to be shown."""

    title: str
    measured: str
    limit: str
    status: Status
    words: str = ""
    estimate: Estimate | None = None


@dataclass(frozen=True)
class AxisResult:
    """An axis: the worst of its rows, or SKIPPED with the reason in `words`."""

    name: Axis
    status: Status
    rows: tuple[RowResult, ...]
    words: str = ""
    mandatory: bool = True


@dataclass(frozen=True)
class Judgement:
    """The verdict; `exit_code` is what the command ends with (0, 1, 3 or 4)."""

    axes: tuple[AxisResult, ...]
    status: Status
    exit_code: int
    policy_name: str
    policy_sha256: str
    sentence: str
    remarks: tuple[str, ...] = ()
