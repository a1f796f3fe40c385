"""A report of another form is one line, also where its digest fits: anyone can compute one."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from llmq_eval.gate.evidence import SCHEMA, Evidence
from llmq_peer.gate_evidence import Truth, made_evidence
from tests.conftest import run

EVIDENCE = made_evidence(Truth())
FILE, SUITE, CHECK = EVIDENCE.quant, EVIDENCE.suites[0], EVIDENCE.checks[0]


def other(part: Any, **values: Any) -> Any:
    """The part with values of other types, which only a report can have."""
    return replace(part, **values)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (other(EVIDENCE, suites=(other(SUITE, n_bytes="x"),)), "n_bytes is 'x'"),
        (other(EVIDENCE, suites=(other(SUITE, n_problems=-1),)), "n_problems is -1"),
        (other(EVIDENCE, quant=other(FILE, name=7)), "name is 7"),
        (other(EVIDENCE, quant=other(FILE, size_bytes=True)), "size_bytes is True"),
        (other(EVIDENCE, quant=other(FILE, size_bytes=10**400)), "size_bytes is 1000"),
        (other(EVIDENCE, checks=(other(CHECK, status="great"),)), "status is 'great'"),
        (other(EVIDENCE, checks=(other(CHECK, axis="great"),)), "axis is 'great'"),
        (other(EVIDENCE, settings=[1]), "settings is [1]"),
        (other(EVIDENCE, samples=None), "samples is None"),
        (other(EVIDENCE, tables={"tokens": (1, 2)}), "tables is {'tokens': (1, 2)}"),
        (other(EVIDENCE, skipped={"device": 5}), "skipped is {'device': 5}"),
        (other(EVIDENCE, device=[1]), "device is [1]"),
        (other(EVIDENCE, recipe=None), "recipe is None"),
    ],
)
def test_a_value_of_another_type_is_named(
    evidence: Evidence, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, page = tmp_path / "report.json", tmp_path / "page.html"
    record = {"schema": SCHEMA, "digest": evidence.digest, **asdict(evidence)}
    report.write_text(json.dumps(record), encoding="utf-8")
    assert run("gate", "--from-report", report, "--html", page) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"llmq: {report} is no whole report of llmq gate: {said}")
    assert not page.exists()


def test_what_fits_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, page = tmp_path / "report.json", tmp_path / "page.html"
    record = {"schema": SCHEMA, "digest": EVIDENCE.digest, **asdict(EVIDENCE)}
    report.write_text(json.dumps(record), encoding="utf-8")
    assert run("gate", "--from-report", report, "--html", page) == 0, capsys.readouterr().err
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
