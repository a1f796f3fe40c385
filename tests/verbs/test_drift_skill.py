"""`llmq drift` on choices and problems: a table of each, the report, and what does not go."""

import json
from pathlib import Path

import pytest

from tests.conftest import run

TALK = [{"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": "Count."}]
CHOICE = {"question": "What is 2+2?", "choices": ["4", "5"], "answer": 0}
PROBLEM = {"question": "What is 2+2?", "answer": "4"}


def suite_file(folder: Path, *records: object) -> Path:
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_suite_of_every_kind(
    tiny_gguf: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = suite_file(tmp_path, {"messages": TALK}, CHOICE, PROBLEM)
    report = tmp_path / "report.json"
    files = tiny_gguf["BF16"], tiny_gguf["Q4_0"]
    assert run("drift", *files, "--suite", suite, "--report-json", report) == 0
    out, err = capsys.readouterr()
    assert "items: 1 choice; ± 95 % intervals over choices" in err
    assert "items: 1 problem; ± 95 % intervals over problems" in err
    place = [out.index(word) for word in ("perplexity", "choices", "problems", "on 1 dialogue")]
    assert place == sorted(place)
    found = json.loads(report.read_text())
    assert [drift["quant"]["name"] for drift in found["drifts"]] == [files[1].name]
    assert [(skill["kind"], skill["quant"]) for skill in found["skill"]] == [
        ("choices", files[1].name),
        ("problems", files[1].name),
    ]
    (row,) = found["skill"][0]["items"]
    assert (row["id"], row["n_choices"], row["right"]) == ("2", 2, 0)
    totals = found["skill"][0]["totals"]
    assert totals["quant_accuracy"]["value"] == row["quant_right"]


def test_a_suite_without_dialogues_and_with_columns(
    tiny_gguf: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = suite_file(tmp_path, {"stem": "2+2?", "A": "4", "B": "5", "key": "A"})
    columns = "question=stem,choices=A+B,answer=key"
    file = tiny_gguf["BF16"]
    assert run("drift", file, file, file, "--suite", suite, "--columns", columns, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["drifts"] == []
    assert len(found["skill"]) == 2
    assert found["skill"][0] == found["skill"][1]
    (row,) = found["skill"][0]["items"]
    assert row["base_chosen"] == row["quant_chosen"]


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (["--generate", "1"], 1, "items has no dialogues, which --generate needs; leave it out"),
        (["--by", "subject"], 1, "items has no dialogues, which --by needs; leave it out"),
        (["--columns", "stem"], 2, "'stem' maps no column"),
        (["--columns", "question=stem"], 1, "line 1: 'stem' is missing"),
    ],
)
def test_what_does_not_go_together(
    tiny_gguf: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    complaint: str,
) -> None:
    suite = suite_file(tmp_path, CHOICE)
    file = tiny_gguf["BF16"]
    assert run("drift", file, file, "--suite", suite, *options) == code
    assert complaint in capsys.readouterr().err


def test_a_file_that_fails_is_told_and_the_others_are_measured(
    tiny_gguf: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(tiny_gguf["BF16"].read_bytes())
    data[-60_000:] = b"\xff\x7f" * 30_000  # BF16 NaN
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(data)
    file = tiny_gguf["BF16"]
    suite = suite_file(tmp_path, CHOICE, PROBLEM)
    assert run("drift", file, damaged, file, "--suite", suite, "--json") == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert [failure["quant"]["name"] for failure in found["failed"]] == ["damaged.gguf"]
    assert [skill["kind"] for skill in found["skill"]] == ["choices", "problems"]
    assert "choice '1': " in err
