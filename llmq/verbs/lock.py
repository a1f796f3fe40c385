"""`llmq lock update`: accept a file, so that later ones are tested in pairs against it."""

import argparse
import sys
from pathlib import Path

from llmq.errors import EvidenceError, printable
from llmq.verbs.drift_report import check_report
from llmq.verbs.gate_files import write_whole
from llmq.verbs.paths import check_exists
from llmq_eval.gate.judgement import Status
from llmq_eval.gate.judging import judge
from llmq_eval.gate.lock import lock_of, lock_text, read_lock
from llmq_eval.gate.policy import fitting_policy
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.gate.record import read_record, verified

LOCK = Path("llmq.lock")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq lock`."""
    parser.add_argument("action", metavar="update", choices=["update"], help="accept a file")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        required=True,
        help="what llmq gate --report-json wrote of the file to accept",
    )
    parser.add_argument(
        "--lock", type=Path, metavar="FILE", default=LOCK, help=f"default: {LOCK}, made if missing"
    )
    parser.add_argument(
        "--reason", type=_reason, metavar="TEXT", required=True, help="why; it stays in the lock"
    )


def _reason(text: str) -> str:
    """Something that a reader learns from."""
    if not text.strip():
        raise argparse.ArgumentTypeError("say in some words why this file is accepted")
    return " ".join(text.split())


def run(arguments: argparse.Namespace) -> int:
    """Accept the file of the report, unless it breaks the policy that it was judged by."""
    check_exists(arguments.report, "report", what="llmq gate --report-json writes one")
    record = read_record(arguments.report)
    check_report(arguments.lock, [arguments.report])
    before = read_lock(arguments.lock) if arguments.lock.exists() else None
    for finding in verified(record, None):  # a report that was edited is accepted by nobody
        if not finding.verified:
            print(f"not verified: {printable(finding.words)}", file=sys.stderr)
    evidence = record.evidence
    policy = record.judged_by or read_policy(fitting_policy(evidence.recipe))
    judgement = judge(evidence, policy)  # by itself: that it differs from the lock is the point
    if judgement.status is Status.FAIL:
        raise EvidenceError(
            f"{evidence.quant.name} is not accepted: {judgement.sentence} Judge it by a policy that it keeps to"
            " (llmq gate --from-report REPORT --policy FILE --report-json NEW) and accept that report"
        )
    lock = lock_of(evidence, judgement, reason=arguments.reason, before=before)
    write_whole(arguments.lock, lock_text(lock))
    if judgement.status is not Status.PASS:
        print(f"note: {printable(judgement.sentence)}", file=sys.stderr)
    instead = f" in place of {before.accepted.name}" if before else ""
    print(
        printable(
            f"{arguments.lock}: {evidence.quant.name} is accepted{instead}: {arguments.reason}"
        )
    )
    return 0
