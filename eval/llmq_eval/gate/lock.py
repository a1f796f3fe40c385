"""The lock: what was accepted, with the numbers of every document, so that the next file is tested
in pairs against it without measuring it again.

It is JSON, to be kept beside the code: sorted, a row a line, and with a digest, so that nobody
edits it by hand. `history` says what was accepted when, and why.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from llmq.errors import EvidenceError
from llmq.files.json import read_json_object
from llmq_eval.gate.evidence import Evidence, Row
from llmq_eval.gate.judgement import Judgement
from llmq_eval.gate.soundness import check_tables
from llmq_eval.gate.typed import typed
from llmq_eval.model_file import ModelFile

LOCK_SCHEMA = "llmq-lock-1"
LARGEST_BYTES = 1 << 28
FREE_SETTINGS = ("threads",)  # on which no figure depends
UNCOMPARED = ("subject", "source")  # columns that pairs do not need
REMEDY = (
    "restore it from version control, or move it away and accept a file anew with llmq lock update"
)


@dataclass(frozen=True)
class Accepted:
    """An entry of the history: which file, and why."""

    name: str
    sha256: str
    recipe: str
    verdict: str
    policy: str
    reason: str


@dataclass(frozen=True)
class Lock:
    """The accepted file, what it was measured on and with, and the numbers of every document."""

    accepted: ModelFile
    recipe: str
    base: ModelFile
    suites: Mapping[str, str]
    settings: Mapping[str, Any]
    llmq: str
    runtime: str
    policy_name: str
    policy_sha256: str
    tables: Mapping[str, tuple[Row, ...]]
    history: tuple[Accepted, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of all that it says."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Its fields as JSON has them. `asdict` would copy every row, for longer than hashing."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        files = {"base": asdict(self.base), "accepted": asdict(self.accepted)}
        return named | files | {"history": [*map(asdict, self.history)]}

    def not_comparable(self, evidence: Evidence) -> str:
        """Why this evidence cannot be paired with it; nothing where it can."""
        if evidence.base.sha256 != self.base.sha256:
            return f"the lock is of another base: {self.base.name}, {self.base.sha256[:12]}"
        suites = {suite.name: suite.sha256 for suite in evidence.suites}
        for name in sorted({*suites, *self.suites}):
            if suites.get(name) != self.suites.get(name):
                return f"the lock was made with another suite {name}, or without it"
        mine, others = _binding(self.settings), _binding(evidence.settings)
        for name in sorted({*mine, *others}):
            if mine.get(name) != others.get(name):
                return f"the lock was made with {name} = {mine.get(name)}, this with {others.get(name)}"
        return ""


def lock_of(
    evidence: Evidence, judgement: Judgement, *, reason: str, before: Lock | None = None
) -> Lock:
    """The lock that accepts this file; the history of the lock `before` is gone on with."""
    entry = Accepted(
        evidence.quant.name,
        evidence.quant.sha256,
        evidence.recipe,
        str(judgement.status),
        judgement.policy_name,
        reason,
    )
    return Lock(
        accepted=evidence.quant,
        recipe=evidence.recipe,
        base=evidence.base,
        suites={suite.name: suite.sha256 for suite in evidence.suites},
        settings=evidence.settings,
        llmq=evidence.llmq,
        runtime=evidence.runtime,
        policy_name=judgement.policy_name,
        policy_sha256=judgement.policy_sha256,
        tables={name: tuple(map(_needed, rows)) for name, rows in evidence.tables.items() if rows},
        history=(*(before.history if before else ()), entry),
    )


def lock_text(lock: Lock) -> str:
    """The lock as it is written: the same for the same evidence, and a row a line."""
    head = {**lock.as_json(), "schema": LOCK_SCHEMA, "digest": lock.digest}
    tables = ",\n".join(
        f"  {json.dumps(name)}: {_table_text(lock.tables[name])}" for name in sorted(lock.tables)
    )
    del head["tables"]
    body = json.dumps(head, sort_keys=True, indent=1)
    return f'{body[:-2]},\n "tables": {{\n{tables}\n }}\n}}\n'


def read_lock(path: Path) -> Lock:
    """The lock in a file. Raises EvidenceError where it is none, or was edited."""
    try:
        return _lock_in(path)
    except EvidenceError as error:
        raise EvidenceError(f"{error}; {REMEDY}") from None


def _lock_in(path: Path) -> Lock:
    record = read_json_object(path, EvidenceError, max_bytes=LARGEST_BYTES)
    if record.get("schema") != LOCK_SCHEMA:
        raise EvidenceError(f"{path} is no lock: its schema is not {LOCK_SCHEMA!r}")
    read = {name: value for name, value in record.items() if name not in ("schema", "digest")}
    try:
        read["accepted"] = typed(ModelFile, read["accepted"])
        read["base"] = typed(ModelFile, read["base"])
        read["history"] = tuple(typed(Accepted, entry) for entry in read["history"])
        read["tables"] = {name: tuple(_rows(table)) for name, table in read["tables"].items()}
        lock = typed(Lock, read)
        digest = lock.digest
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{path} is no whole lock ({error})") from None
    check_tables(lock.tables, str(path))
    if digest != record.get("digest"):
        raise EvidenceError(f"{path} was edited by hand: its digest does not fit")
    return lock


def _binding(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that figures depend on, as JSON has them."""
    kept = {name: value for name, value in settings.items() if name not in FREE_SETTINGS}
    found: dict[str, Any] = json.loads(json.dumps(kept))
    return found


def _needed(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in UNCOMPARED}


def _table_text(rows: Sequence[Row]) -> str:
    columns = sorted({name for row in rows for name in row})
    lines = (json.dumps([row.get(name) for name in columns]) for row in rows)
    body = ",\n   ".join(lines)
    return f'{{\n   "columns": {json.dumps(columns)},\n   "rows": [\n   {body}\n   ]}}'


def _rows(table: Mapping[str, Any]) -> list[Row]:
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
