"""Reports and locks whose digests fit and whose contents are nonsense: one line, never a crash."""

import copy
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llmq_eval.gate.judging import judge
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.gate.record import record_text
from llmq_peer.gate_evidence import Truth, made_evidence
from tests.conftest import run

NONSENSE: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, float("nan"), 10**400, "", "x", "\ud800", [], [1], {}, {"x": 1},
)  # fmt: skip
N_TRIES = 100
EVIDENCE = made_evidence(Truth(), 1, tables=Truth().rows(1, choices=6, problems=6, tokens=6))
FOUR = read_policy("4-bit")


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value; of lists, the first two items."""
    yield path
    if isinstance(found, dict):
        for key, value in found.items():
            yield from places(value, (*path, key))
    elif isinstance(found, list):
        for index, value in enumerate(found[:2]):
            yield from places(value, (*path, index))


def spoilt(record: Any, rng: random.Random, everywhere: list[tuple[Any, ...]]) -> Any:
    """The record with nonsense in a place of its own."""
    spoiling = copy.deepcopy(record)
    *way, last = rng.choice(everywhere)
    holder = spoiling
    for key in way:
        holder = holder[key]
    holder[last] = rng.choice(NONSENSE)
    return spoiling


def resealed(evidence: dict[str, Any]) -> dict[str, Any]:
    """The evidence with a digest that fits, as whoever spoils it can make one."""
    fields = {key: value for key, value in evidence.items() if key not in ("schema", "digest")}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return {**evidence, "digest": hashlib.sha256(text.encode("ascii")).hexdigest()}


def test_resealing_makes_the_digest_that_fits() -> None:
    evidence = json.loads(json.dumps(EVIDENCE.as_json()))
    assert resealed({**evidence, "digest": ""}) == evidence


def test_spoilt_reports_are_refused_or_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = json.loads(record_text(EVIDENCE, FOUR, judge(EVIDENCE, FOUR)))
    everywhere = [path for path in places(whole) if path]
    rng, path = random.Random(0), tmp_path / "report.json"
    for _ in range(N_TRIES):
        report = spoilt(whole, rng, everywhere)
        if isinstance(report["evidence"], dict):
            report["evidence"] = resealed(report["evidence"])
        path.write_text(json.dumps(report), encoding="utf-8")
        code = run("gate", "--from-report", path)
        streams = capsys.readouterr()
        assert code in (2, 3, 4), "these few rows never pass"
        assert (code == 2) is (streams.out == ""), streams.err


@pytest.mark.parametrize("table", ["tokens", "replies", "conversations", "choices", "problems"])
def test_a_row_that_stands_twice_is_refused(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copies would make bounds as narrow as anybody likes."""
    rows = EVIDENCE.tables[table]
    copied = replace(EVIDENCE, tables={**EVIDENCE.tables, table: (*rows, rows[-1])})
    path = tmp_path / "report.json"
    path.write_text(json.dumps(copied.as_json()), encoding="utf-8")
    assert run("gate", "--from-report", path) == 2
    assert f"the row {rows[-1]['id']!r} of {table} stands twice" in capsys.readouterr().err
