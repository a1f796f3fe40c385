"""The report of `llmq drift`: where it may go, what it holds, and how the command ends."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from llmq.errors import OutputError, printable
from llmq.files.parts import parts_of
from llmq_eval.drift import Drift, Failure
from llmq_eval.replies import Replies


def check_report(path: Path, read: Sequence[Path]) -> None:
    """Raise OutputError where the report could not be written, or would replace what is `read`."""
    inputs = [part for file in read for part in parts_of(file) if part.exists()]
    places = (path, *path.resolve().parents)  # of a model folder, every file is an input
    if path.exists() and any(place.samefile(file) for place in places for file in inputs):
        raise OutputError(f"cannot write the report {path}: it is an input; name another file")
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else "there is no such folder"
        raise OutputError(f"cannot write the report {path}: {what}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise OutputError(f"cannot write the report {path}: no permission; name another place")


def report(
    drifts: Sequence[Drift],
    failures: Sequence[Failure],
    replies: Mapping[Drift, Replies],
    skill: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The report as JSON: what was measured, and which files could not be."""
    rows = [
        drift.as_json() | ({"replies": replies[drift].as_json()} if drift in replies else {})
        for drift in drifts
    ]
    failed = [{"quant": asdict(f.quant), "error": str(f.error)} for f in failures]
    skills = {"skill": list(skill)} if skill else {}
    return json.dumps({"drifts": rows, **skills, "failed": failed}, indent=1)


def finish(arguments: argparse.Namespace, text: str, failures: Sequence[Failure]) -> int:
    """Hand over the report, say what failed; the exit code."""
    if arguments.json:
        print(text)
    for failure in failures:
        print(f"llmq: {printable(str(failure.error))}", file=sys.stderr)
    if arguments.report_json:
        write_report(arguments.report_json, text)
    return 1 if failures else 0


def write_report(path: Path, text: str) -> None:
    """Write the JSON report; raises OutputError where that is impossible."""
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the report {path}: {error.strerror}") from error
