"""The reports that `llmq gate` and `llmq lock` write: whole, or not at all."""

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from llmq.errors import OutputError
from llmq.verbs.drift_report import check_report
from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judgement import Judgement
from llmq_eval.gate.policy import Policy
from llmq_eval.gate.record import record_text

OPTIONS = ("report_json", "html", "junit", "summary")


def check_reports(arguments: argparse.Namespace, read: Sequence[Path]) -> None:
    """Raise OutputError where a report could not be written, or two would be the same file."""
    seen: dict[Path, str] = {}
    for option in OPTIONS:
        path = getattr(arguments, option)
        if path is None:
            continue
        check_report(path, read)
        name = f"--{option.replace('_', '-')}"
        other = seen.setdefault(path.resolve(), name)
        if other != name:
            raise OutputError(f"cannot write {path}: {other} and {name} both name it")


def write_reports(
    arguments: argparse.Namespace,
    evidence: Evidence,
    policy: Policy,
    judgement: Judgement,
    beside: Sequence[Evidence],
) -> None:
    """Write the reports that were asked for."""
    makers: Mapping[str, Callable[[], str]] = {
        "report_json": lambda: record_text(evidence, policy, judgement) + "\n",
        "html": lambda: _page(evidence, judgement, beside),
        "junit": lambda: _junit(evidence, judgement),
        "summary": lambda: _summary(evidence, judgement),
    }
    for option in OPTIONS:
        if path := getattr(arguments, option):
            write = _append if option == "summary" else write_whole
            write(path, makers[option]())


def _append(path: Path, text: str) -> None:
    """Add to a file, as a CI service gives one to all that a job has to say."""
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file under another name, then rename it; what is no plain file is written to."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        target = path.resolve()  # of a link, what it leads to
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=target.parent, delete=False
        ) as file:
            partial = Path(file.name)
            try:
                file.write(text)
                file.close()
                partial.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
                partial.replace(target)
            except BaseException:
                file.close()
                partial.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def _page(evidence: Evidence, judgement: Judgement, beside: Sequence[Evidence]) -> str:
    from llmq_eval.gate.html import page

    return page(evidence, judgement, beside)


def _junit(evidence: Evidence, judgement: Judgement) -> str:
    from llmq_eval.gate.junit import junit

    return junit(evidence, judgement, datetime.now(UTC))


def _summary(evidence: Evidence, judgement: Judgement) -> str:
    from llmq_eval.gate.markdown import summary

    return summary(evidence, judgement)
