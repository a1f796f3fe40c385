"""Whether what a stranger's report or lock holds is of the kinds that it should be.

Its digest tells that nobody changed it, not that it was ever sound. Numbers are looked at where
they are used (`rows.py`); here it is names, tables and their rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from llmq.errors import EvidenceError
from llmq_eval.gate.evidence import AXES, TABLES, Check, Evidence, SuiteUsed
from llmq_eval.model_file import ModelFile

MOST = 2**53  # of what is counted; beyond, floats are no longer exact
STATUSES = ("pass", "fail", "skipped")
KEYS = {"id": str, "subject": str, "source": str, "mode": str, "seed": int}  # of rows


def check_sound(evidence: Evidence, where: str) -> None:
    """Raise EvidenceError where a part of the evidence is of another kind."""
    for wrong in _wrong_evidence(evidence):
        raise EvidenceError(f"{where} is no sound report of llmq gate: {wrong}")


def wrong_tables(tables: object) -> Iterator[str]:
    """What is wrong with tables of rows."""
    if not isinstance(tables, Mapping):
        yield "'tables' is no object"
        return
    for name, rows in tables.items():
        if name not in TABLES:
            yield f"there is no table {name!r:.40}"
        for row in rows:
            if not isinstance(row, Mapping) or not isinstance(row.get("id"), str):
                yield f"a row of {name} has no id"
                return
            kinds = (
                isinstance(row[key], kind) for key, kind in KEYS.items() if row.get(key) is not None
            )
            if not all(kinds):
                yield f"a row of {name} has a key of another kind"
                return


def wrong_file(file: ModelFile) -> Iterator[str]:
    """What is wrong with the description of a file."""
    yield from _texts(file, "name", "sha256")
    if not _is_count(file.size_bytes):
        yield "size_bytes is no number"


def wrong_objects(holder: Any, *names: str) -> Iterator[str]:
    """Which of these are no JSON objects."""
    for name in names:
        if not isinstance(getattr(holder, name), Mapping):
            yield f"{name!r} is no object"


def _wrong_evidence(evidence: Evidence) -> Iterator[str]:
    yield from _texts(evidence, "llmq", "runtime", "recipe")
    yield from wrong_file(evidence.base)
    yield from wrong_file(evidence.quant)
    for suite in evidence.suites:
        yield from _texts(suite, "name", "sha256", "license")
        yield from _counts(suite)
    for check in evidence.checks:
        yield from _wrong_check(check)
    yield from wrong_tables(evidence.tables)
    yield from wrong_objects(evidence, "settings", "samples", "skipped")
    if not isinstance(evidence.device, Mapping | None):
        yield "'device' is no object"
    if not all(isinstance(reason, str) for reason in evidence.skipped.values()):
        yield "a reason of 'skipped' is no text"


def _wrong_check(check: Check) -> Iterator[str]:
    yield from _texts(check, "name", "words")
    if check.axis not in AXES or check.status not in STATUSES:
        yield f"the check {check.name!r:.40} has an axis or a status that there is none of"


def _counts(suite: SuiteUsed) -> Iterator[str]:
    for field in fields(suite):
        if field.name.startswith("n_") and not _is_count(getattr(suite, field.name)):
            yield f"{field.name} of a suite is no number"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < MOST


def _texts(holder: Any, *names: str) -> Iterator[str]:
    for name in names:
        if not isinstance(getattr(holder, name), str):
            yield f"{name!r} is no text"
