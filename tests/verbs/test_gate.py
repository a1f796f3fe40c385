"""`llmq gate`: the exit code is the printed verdict, whatever the evidence; `llmq lock`."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from llmq.suites.items import part_of
from llmq_eval.drift import builtin_suite
from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judging import judge
from llmq_eval.gate.lock import lock_of, lock_text
from llmq_eval.gate.policy import Limit
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.gate.record import record_text
from llmq_eval.model_file import described
from llmq_peer.gate_evidence import Truth, made_evidence
from tests.conftest import run
from tests.verbs.gate_cases import CASES, CODES, FAULTS, SOUND, verdict

FOUR = read_policy("4-bit")


def recorded(folder: Path, evidence: Evidence, policy: str = "4-bit") -> Path:
    path, chosen = folder / "report.json", read_policy(policy)
    path.write_text(record_text(evidence, chosen, judge(evidence, chosen)), encoding="utf-8")
    return path


def locked(folder: Path, truth: Truth) -> Path:
    path, evidence = folder / "llmq.lock", made_evidence(truth)
    lock = lock_of(evidence, judge(evidence, FOUR), reason="the first")
    path.write_text(lock_text(lock), encoding="utf-8")
    return path


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_the_exit_code_is_the_printed_verdict(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    report = recorded(tmp_path, case.edit(made_evidence(case.truth)), case.policy)
    options = ["--lock", locked(tmp_path, case.accepted)] if case.accepted else []
    code = run("gate", "--from-report", report, *options)
    said = verdict(capsys.readouterr().out)
    assert code == CODES[said]
    assert case.code in (None, code), said


@pytest.mark.parametrize("name", ["sound", "far, 4-bit", "no tokens, 4-bit", "only 10 of each"])
def test_json_says_the_same(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[name]
    report = recorded(tmp_path, case.edit(made_evidence(case.truth)), case.policy)
    code = run("gate", "--from-report", report, "--json")
    judgement = json.loads(capsys.readouterr().out)["judgement"]
    assert CODES[judgement["status"]] == judgement["exit_code"] == code == case.code


def damaged(text: str) -> dict[str, str]:
    """Reports that are none, and a word of what is said of each."""
    whole = json.loads(text)
    better = json.loads(text)
    better["evidence"]["tables"]["tokens"][0]["kl_nats"] = 0
    praised = json.loads(text)
    praised["judgement"] |= {"status": "PASS", "exit_code": 0}
    lenient = json.loads(text)
    lenient["policy"]["limits"] = {"choice_accuracy_kept": {"at_least": 0.1}}
    lenient["policy"]["mandatory"] = ["skill"]
    lenient["judgement"] |= {"status": "PASS", "exit_code": 0}
    strange = json.loads(text)
    strange["policy"]["limits"]["mean_kl"] = {"at_most": 1}
    return {
        "": "not valid JSON",
        "[]": "instead of an object",
        "{}": "it holds no evidence",
        "[" * 100_000: "nested too deeply",
        json.dumps(
            {"evidence": {"schema": "llmq-gate-1"}, "policy": {}, "judgement": {}}
        ): "no whole report",
        json.dumps({"evidence": whole["evidence"], "judgement": {}}): "no policy",
        json.dumps({"evidence": whole["evidence"], "policy": whole["policy"]}): "no judgement",
        json.dumps(better): "its digest does not fit",
        json.dumps(praised): "does not follow from the recorded rows",
        json.dumps(lenient): "is not the one that the recorded verdict was found by",
        json.dumps(strange): "there is no figure 'mean_kl'; did you mean mean_kl_nats",
        text[: len(text) // 2]: "not valid JSON",
    }


def test_a_damaged_report_is_one_line_and_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = recorded(tmp_path, made_evidence(FAULTS["far"]))
    for text, words in damaged(report.read_text(encoding="utf-8")).items():
        report.write_text(text, encoding="utf-8")
        assert run("gate", "--from-report", report) == 2, words
        streams = capsys.readouterr()
        assert words in streams.err.splitlines()[-1]
        assert streams.out == ""
        assert (
            run("lock", "update", "--report", report, "--reason", "x", "--lock", tmp_path / "l")
            == 1
        ), words
        assert words in capsys.readouterr().err.splitlines()[-1]


def test_what_is_verified_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "quant.gguf"
    file.write_bytes(b"GGUF")
    report = recorded(tmp_path, made_evidence(SOUND))
    assert run("gate", "--from-report", report) == 0
    told = capsys.readouterr().err
    for words in (
        "\nverified: verdict: the recorded PASS follows from the recorded rows",
        "\nverified: policy: 4-bit is the built-in one",
        "not verified: suite: made is not built in",
        "not verified: base-BF16.gguf: its SHA-256 is said to be 000000000000",
    ):
        assert words in f"\n{told}"
    base = described(file)
    one = recorded(tmp_path, replace(made_evidence(SOUND), base=base, quant=base))
    assert run("gate", file, file, "--from-report", one) == 0
    told = capsys.readouterr().err
    assert told.count("quant.gguf is the file that was measured") == 2
    assert "not verified: quant.gguf" not in told
    recorded(tmp_path, made_evidence(SOUND))
    assert run("gate", file, file, "--from-report", report) == 2
    assert "is not the file that the report is of" in capsys.readouterr().err


def test_a_part_of_a_built_in_suite_is_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = part_of(builtin_suite("tutoring"), 4)
    evidence = made_evidence(SOUND)
    used = tuple(
        replace(evidence.suites[0], name=name, sha256=part.sha256)
        for name in (part.name, "tutoring (1 of 5)", "mine (1 of 4)")
    )
    run("gate", "--from-report", recorded(tmp_path, replace(evidence, suites=used)))
    told = f"\n{capsys.readouterr().err}"
    assert "\nverified: suite: tutoring (1 of 4) is the built-in one" in told
    assert "\nnot verified: suite: tutoring (1 of 5) is not this version's" in told
    assert "\nnot verified: suite: mine (1 of 4) is not built in" in told


def test_a_loosened_policy_is_not_called_built_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report whose limits were edited, and all that was said by them."""
    loose = replace(FOUR, limits={**FOUR.limits, "mean_kl_nats": Limit(at_most=9.0)})
    evidence = made_evidence(FAULTS["far"])
    text = record_text(evidence, loose, replace(judge(evidence, loose), policy_name="4-bit"))
    report, lock, again = (tmp_path / name for name in ("report.json", "llmq.lock", "again.json"))
    report.write_text(text, encoding="utf-8")
    pages = [tmp_path / name for name in ("a.html", "a.xml", "a.md")]
    options = zip(("--html", "--junit", "--summary"), pages, strict=True)
    written = [each for pair in options for each in pair]
    code = run("gate", "--from-report", report, "--report-json", again, *written)
    streams = capsys.readouterr()
    assert code == CODES[verdict(streams.out)]
    assert "4-bit (not this version's)" in streams.out
    assert "--policy 4-bit judges by that" in streams.err
    for page in pages:
        assert re.search(r"4-bit \W+not this version", unescape(page.read_text(encoding="utf-8")))
    assert run("gate", "--from-report", again) == code
    assert run("gate", "--from-report", report, "--policy", "4-bit") == 1
    if code == 0:
        assert run("lock", "update", "--report", report, "--lock", lock, "--reason", "x") == 0
        (entry,) = json.loads(lock.read_text(encoding="utf-8"))["history"]
        assert entry["policy"] == "4-bit (not this version's)"


def test_summaries_are_added_to_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, page = recorded(tmp_path, made_evidence(SOUND)), tmp_path / "summary.md"
    page.write_text("# Tests\n", encoding="utf-8")
    for _ in range(2):
        assert run("gate", "--from-report", report, "--summary", page) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Tests\n")
    assert text.count("## ") == 2
    capsys.readouterr()
    for name in ("", "-"):
        assert run("gate", "--from-report", report, "--html", name) == 2
        assert "names no file; --json prints" in capsys.readouterr().err


def test_every_report_is_written_whole_before_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, again = recorded(tmp_path, made_evidence(SOUND)), tmp_path / "again.json"
    assert run("gate", "--from-report", report, "--report-json", again) == 0
    assert json.loads(again.read_text(encoding="utf-8")) == json.loads(
        report.read_text(encoding="utf-8")
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.json", "report.json"]
    for path, words in (
        (tmp_path / "none" / "a.json", "there is no such folder"),
        (tmp_path, "it is a folder"),
        (report, "it is an input"),
    ):
        capsys.readouterr()
        assert run("gate", "--from-report", report, "--report-json", path) == 2
        assert words in capsys.readouterr().err
    assert run("gate", "--from-report", report, "--html", again, "--junit", again) == 2
    assert "--html and --junit both name it" in capsys.readouterr().err


def test_another_policy_judges_the_same_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, policy = recorded(tmp_path, made_evidence(SOUND)), tmp_path / "school.toml"
    policy.write_text(
        'name = "school"\nmandatory = ["fidelity"]\n[limits]\nmean_kl_nats = { at_most = 0.01 }\n',
        encoding="utf-8",
    )
    assert run("gate", "--from-report", report, "--policy", policy) == 1
    assert "breaks the policy school: fidelity (mean KL" in capsys.readouterr().out


def test_accepting_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "llmq.lock"

    def accept(truth: Truth, reason: str) -> int:
        report = recorded(tmp_path, made_evidence(truth))
        return run("lock", "update", "--report", report, "--lock", lock, "--reason", reason)

    assert accept(SOUND, "the first") == 0
    first = lock.read_text(encoding="utf-8")
    assert accept(FAULTS["far"], "we like it") == 1
    assert "is not accepted: FAIL: " in capsys.readouterr().err
    assert lock.read_text(encoding="utf-8") == first
    worse = Truth(kl_nats=0.04)
    assert (
        run("gate", "--from-report", recorded(tmp_path, made_evidence(worse)), "--lock", lock) == 1
    )
    assert "llmq lock update" in capsys.readouterr().err
    assert accept(worse, "smaller, and near enough") == 0
    assert (
        run("gate", "--from-report", recorded(tmp_path, made_evidence(worse)), "--lock", lock) == 0
    )
    history = [entry["reason"] for entry in json.loads(lock.read_text(encoding="utf-8"))["history"]]
    assert history == ["the first", "smaller, and near enough"]
    assert accept(worse, "  ") == 2


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda text: text.replace("0.0", "0.1", 1), "was edited by hand"),
        (lambda text: text.replace('"the first"', '"the second"'), "was edited by hand"),
        (lambda text: text.replace("llmq-lock-1", "llmq-lock-9"), "is no lock"),
        (lambda text: text.replace('"history"', '"hystory"'), "is no whole lock"),
        (lambda text: text[:-10], "not valid JSON"),
        (lambda _: "{}", "is no lock"),
    ],
)
def test_a_damaged_lock_is_one_line(
    edit: Callable[[str], str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock, report = locked(tmp_path, SOUND), recorded(tmp_path, made_evidence(SOUND))
    lock.write_text(edit(lock.read_text(encoding="utf-8")), encoding="utf-8")
    assert run("gate", "--from-report", report, "--lock", lock) == 2
    streams = capsys.readouterr()
    assert words in streams.err
    assert "; restore it from version control, or move it away" in streams.err
    assert streams.out == ""
    update = ("lock", "update", "--report", report, "--lock", lock, "--reason", "x")
    assert run(*update) == 1
    assert "move it away" in capsys.readouterr().err
    lock.unlink()
    assert run(*update) == 0
