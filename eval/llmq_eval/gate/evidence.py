"""Evidence: all that was measured of a file, as plain values from which every figure follows.

What can be counted stands in tables of rows, one row for each document, reply or item: an `id`, a
`subject`, a `source`, and numbers. Figures are functions of rows, so that recorded evidence can be
judged again under another policy, without the models. `samples` are for people alone.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from llmq.errors import EvidenceError
from llmq_eval.gate.typed import typed
from llmq_eval.model_file import ModelFile

SCHEMA = "llmq-gate-1"
Row = Mapping[str, Any]
TABLES = ("tokens", "replies", "conversations", "choices", "problems")
Axis = Literal[
    "integrity", "fidelity", "skill", "behaviour", "pedagogy", "device", "privacy"
]  # fmt: skip
AXES: tuple[Axis, ...] = (
    "integrity", "fidelity", "skill", "behaviour", "pedagogy", "device", "privacy",
)  # fmt: skip
CheckStatus = Literal["pass", "fail", "skipped"]


@dataclass(frozen=True)
class Check:
    """A question that has a yes or a no; `words` is a line for people."""

    axis: Axis
    name: str
    status: CheckStatus
    words: str


@dataclass(frozen=True)
class SuiteUsed:
    """A suite that was measured on."""

    name: str
    sha256: str
    license: str
    n_bytes: int
    n_dialogues: int
    n_choices: int
    n_problems: int


@dataclass(frozen=True)
class Evidence:
    """What was measured of `quant` beside `base`.

    `settings` are what figures depend on (threads, context, cache type, seeds, tokens of a reply),
    `device` what `llmq_eval.speed` measured, `skipped` says of an axis why it was not measured.
    """

    llmq: str
    runtime: str
    base: ModelFile
    quant: ModelFile
    recipe: str
    settings: Mapping[str, Any]
    suites: tuple[SuiteUsed, ...]
    checks: tuple[Check, ...]
    tables: Mapping[str, tuple[Row, ...]]
    samples: Mapping[str, Any] = field(default_factory=dict)
    device: Mapping[str, Any] | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """All of it, with the digest."""
        return {"schema": SCHEMA, "digest": self.digest, **self._fields()}

    @property
    def digest(self) -> str:
        """The SHA-256 of everything else."""
        text = json.dumps(self._fields(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def _fields(self) -> dict[str, Any]:
        """Its fields as JSON has them. `asdict` would copy every row, for longer than hashing."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        files = {"base": asdict(self.base), "quant": asdict(self.quant)}
        lists = {"suites": [*map(asdict, self.suites)], "checks": [*map(asdict, self.checks)]}
        return named | files | lists


def evidence_from_json(record: Mapping[str, Any], where: str) -> Evidence:
    """The evidence of a report. Raises EvidenceError where it is none, or was changed."""
    if record.get("schema") != SCHEMA:
        raise EvidenceError(f"{where} is no report of llmq gate: its schema is not {SCHEMA!r}")
    read = {name: value for name, value in record.items() if name not in ("schema", "digest")}
    try:
        read["base"] = typed(ModelFile, read["base"])
        read["quant"] = typed(ModelFile, read["quant"])
        read["suites"] = tuple(typed(SuiteUsed, suite) for suite in read["suites"])
        read["checks"] = tuple(typed(Check, check) for check in read["checks"])
        read["tables"] = {name: tuple(rows) for name, rows in read["tables"].items()}
        found = typed(Evidence, read)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EvidenceError(f"{where} is no whole report of llmq gate: {error}") from None
    if found.digest != record.get("digest"):
        raise EvidenceError(f"{where} was changed after it was written: its digest does not fit")
    return found
