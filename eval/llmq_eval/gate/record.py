"""A recorded report: the evidence, the policy and what was said of it, as one JSON object.

Whoever has it can judge the evidence again, under this policy or another, without the models. What
of it can be checked without them, `verified` says, and what cannot.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llmq.errors import EvidenceError
from llmq.files.json import read_json_object
from llmq.suites.items import part_of, whole_of
from llmq_eval.drift import BUILTIN_SUITES, builtin_suite
from llmq_eval.gate.evidence import SCHEMA, Evidence, SuiteUsed, evidence_from_json
from llmq_eval.gate.judgement import Judgement
from llmq_eval.gate.judging import judge
from llmq_eval.gate.lock import Lock
from llmq_eval.gate.policy import Policy
from llmq_eval.gate.policy_file import BUILTIN_POLICIES, as_known, policy_of
from llmq_eval.gate.soundness import check_tables

LARGEST_BYTES = 1 << 28


@dataclass(frozen=True)
class Record:
    """What was measured, the policy it was judged by, and the verdict as it was written down."""

    evidence: Evidence
    policy: Policy | None
    judgement: Mapping[str, Any]

    @property
    def judged_by(self) -> Policy | None:
        """The policy, not under the name of a built-in one that it is not."""
        return as_known(self.policy) if self.policy else None


@dataclass(frozen=True)
class Finding:
    """Something that was checked, or could not be, without the models."""

    verified: bool
    words: str


def record_text(evidence: Evidence, policy: Policy, judgement: Judgement) -> str:
    """The report as it is written."""
    record = {
        "evidence": evidence.as_json(),
        "policy": policy.as_json(),
        "judgement": asdict(judgement),
    }
    return json.dumps(record, indent=1)


def read_record(path: Path) -> Record:
    """The report in a file. Raises EvidenceError where it is none, or its evidence was changed."""
    return record_of(read_json_object(path, EvidenceError, max_bytes=LARGEST_BYTES), str(path))


def record_of(record: Mapping[str, Any], where: str) -> Record:
    """The report that a JSON object holds; bare evidence is one without a policy and a verdict."""
    if record.get("schema") == SCHEMA:
        return Record(_sound(record, where), None, {})
    evidence, policy = record.get("evidence"), record.get("policy")
    if not isinstance(evidence, Mapping):
        raise EvidenceError(f"{where} is no report of llmq gate: it holds no evidence")
    if not isinstance(policy, Mapping):
        raise EvidenceError(f"{where} is no report of llmq gate: it holds no policy")
    judgement = record.get("judgement")
    if not isinstance(judgement, Mapping):
        raise EvidenceError(f"{where} is no report of llmq gate: it holds no judgement")
    found = _sound(evidence, where)
    return Record(found, policy_of(policy, f"{where}, its policy"), judgement)


def _sound(record: Mapping[str, Any], where: str) -> Evidence:
    found = evidence_from_json(record, where)
    check_tables(found.tables, where)
    return found


def verified(record: Record, lock: Lock | None) -> Iterator[Finding]:
    """What holds without the models, and what cannot be known without them.

    Raises EvidenceError where the recorded verdict does not follow from the recorded rows.
    """
    evidence, policy = record.evidence, record.policy
    yield Finding(True, f"evidence: its digest fits, {evidence.digest[:12]}")
    yield from map(_suite, evidence.suites)
    if policy and policy.name in BUILTIN_POLICIES:
        ours = as_known(policy) == policy
        words = "is the built-in one"
        if not ours:
            words = (
                f"is called so, but is not this version's; --policy {policy.name} judges by that"
            )
        yield Finding(ours, f"policy: {policy.name} {words}")
    elif policy:
        yield Finding(False, f"policy: {policy.name} is not built in, it is taken as recorded")
    if policy:
        yield _verdict(record, policy, lock)
    if lock:
        yield Finding(True, f"lock: its digest fits, {lock.digest[:12]}")


def _suite(used: SuiteUsed) -> Finding:
    whole, every = whole_of(used.name)
    if whole not in BUILTIN_SUITES:
        return Finding(False, f"suite: {used.name} is not built in, {used.sha256[:12]}")
    ours = part_of(builtin_suite(whole), every).sha256 == used.sha256
    words = "is the built-in one" if ours else "is not this version's"
    return Finding(ours, f"suite: {used.name} {words}, {used.sha256[:12]}")


def _verdict(record: Record, policy: Policy, lock: Lock | None) -> Finding:
    """The recorded verdict beside the one that follows from the rows."""
    recorded = record.judgement.get("status")
    compared = "against the accepted file" in json.dumps(record.judgement.get("axes", ""))
    if compared and lock is None:
        words = f"verdict: the recorded {recorded} was found with a lock; name it with --lock to have it checked"
        return Finding(False, words)
    again = judge(record.evidence, policy, lock if compared else None)
    if (again.status, again.exit_code) != (recorded, record.judgement.get("exit_code")):
        raise EvidenceError(
            f"the recorded verdict {recorded!s:.40} does not follow from the recorded rows, which say"
            f" {again.status}: the report was edited, or written by another version ({record.evidence.llmq})"
        )
    if record.judgement.get("policy_sha256") != policy.sha256:
        raise EvidenceError(
            f"the recorded policy {policy.name[:40]!r} is not the one that the recorded verdict was found by: the"
            f" report was edited, or written by another version ({record.evidence.llmq})"
        )
    return Finding(True, f"verdict: the recorded {again.status} follows from the recorded rows")
