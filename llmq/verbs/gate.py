"""`llmq gate`: whether a quantized file may stand in for its original, and how sure that is."""

import argparse
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from llmq.defaults import QUICK_GATE
from llmq.errors import EvidenceError, printable
from llmq.files.json import parse_json_object
from llmq.verbs.gate_explain import explained
from llmq.verbs.gate_files import check_reports, write_reports
from llmq.verbs.gate_options import add_arguments as add_arguments
from llmq.verbs.gate_options import check_options
from llmq.verbs.gate_table import print_judgement
from llmq.verbs.models import here
from llmq.verbs.paths import check_drift, check_exists
from llmq.verbs.progress import steps_bar
from llmq.verbs.running import how_of
from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judging import judge
from llmq_eval.gate.lock import Lock, read_lock
from llmq_eval.gate.policy import Policy, fitting_policy
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.gate.record import Record, read_record, record_of, record_text, verified
from llmq_eval.model_file import described

DEMO = "demo.json"


def run(arguments: argparse.Namespace) -> int:
    """Measure, or take what was measured; judge, print, write; the verdict's exit code."""
    check_options(arguments)
    policy = read_policy(arguments.policy) if arguments.policy is not None else None
    if arguments.explain:
        print(explained(policy or read_policy("4-bit")))
        return 0
    lock = _lock(arguments.lock)
    beside = [_record(path).evidence for path in arguments.beside]
    check_reports(arguments, _inputs(arguments))
    if arguments.demo or arguments.from_report:
        record = _recorded(arguments, lock)
        evidence, policy = record.evidence, policy or record.judged_by
    else:
        evidence = _measured(arguments)
    if policy is None:
        policy = read_policy(fitting_policy(evidence.recipe))
        made = f"is {evidence.recipe}" if evidence.recipe else "names no recipe"
        _tell(printable(f"policy {policy.name}, as {evidence.quant.name} {made}"))
    return _finish(arguments, evidence, policy, lock, beside)


def _finish(
    arguments: argparse.Namespace,
    evidence: Evidence,
    policy: Policy,
    lock: Lock | None,
    beside: list[Evidence],
) -> int:
    """Judge and hand over everything; the reports before the verdict, which comes last."""
    judgement = judge(evidence, policy, lock)
    write_reports(arguments, evidence, policy, judgement, beside)
    if arguments.json:
        print(record_text(evidence, policy, judgement))
    else:
        print_judgement(judgement)
    return judgement.exit_code


def _measured(arguments: argparse.Namespace) -> Evidence:
    """What `llmq.gate` measures of these files."""
    from llmq.runtime import EXACT, check_magic

    base = here(arguments.base)
    check_drift(base, [arguments.quant], verb="gate")
    check_magic(arguments.quant)
    from llmq.gate import measure_evidence
    from llmq.gate_plan import gate_plan

    plan = replace(
        gate_plan(
            arguments.suite, columns=arguments.columns, every=QUICK_GATE if arguments.quick else 1
        ),
        threads=arguments.threads,
        how=how_of(arguments, otherwise=EXACT),
        device=arguments.device,
        allow_quantized=arguments.allow_quantized_base,
    )
    if plan.filled:
        held = " or ".join(plan.filled)
        _tell(f"the suites named hold no {held}: those that come with llmq are taken")
    with steps_bar() as progress:
        return measure_evidence(base, arguments.quant, plan, progress=progress)


def _recorded(arguments: argparse.Namespace, lock: Lock | None) -> Record:
    """The evidence of a report, and what of it holds."""
    if arguments.demo:
        text = (files("llmq_eval.gate") / DEMO).read_bytes()
        return record_of(parse_json_object(text, Path(DEMO), EvidenceError), DEMO)
    record = _record(arguments.from_report)
    for finding in verified(record, lock):
        _tell(f"{'verified' if finding.verified else 'not verified'}: {printable(finding.words)}")
    for path, file in (
        (arguments.base, record.evidence.base),
        (arguments.quant, record.evidence.quant),
    ):
        if path is None:
            said = f"its SHA-256 is said to be {file.sha256[:12]}; name the file to have it checked"
            _tell(f"not verified: {printable(file.name)}: {said}")
            continue
        check_exists(path)
        if described(path).sha256 != file.sha256:
            raise EvidenceError(f"{path} is not the file that the report is of, {file.name}")
        _tell(f"verified: {printable(str(path))} is the file that was measured")
    return record


def _record(path: Path) -> Record:
    check_exists(path, "report", what="llmq gate --report-json writes one")
    return read_record(path)


def _lock(path: Path | None) -> Lock | None:
    if path is None:
        return None
    check_exists(path, "lock", what="llmq lock update makes one of a report")
    return read_lock(path)


def _inputs(arguments: argparse.Namespace) -> list[Path]:
    named = (
        arguments.base,
        arguments.quant,
        arguments.lock,
        arguments.from_report,
        arguments.policy,
    )
    found = [Path(path) for path in (*named, *arguments.beside, *arguments.suite) if path]
    return [path for path in found if path.exists()]


def _tell(words: str) -> None:
    print(words, file=sys.stderr)
