"""`llmq drift` as a user meets it: tables, reports, and what remains when something fails."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from llmq.cli import main
from llmq.drift import lossless_recipe
from llmq.errors import OutputError
from llmq.sources.opening import open_source
from llmq.verbs.drift_report import check_report

ONE = '{"id": "a", "messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "Count."}]}\n'


@pytest.fixture
def suite_path(tmp_path: Path) -> Path:
    path = tmp_path / "two.jsonl"
    path.write_text(ONE + ONE.replace('"a"', '"b"'), encoding="utf-8")
    return path


def first_words(lines: list[str]) -> list[str]:
    return [line.partition(" ")[0] for line in lines]


def test_the_table_has_a_row_for_the_base_and_for_each_file(
    tiny_gguf: dict[str, Path], suite_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, quant = str(tiny_gguf["BF16"]), str(tiny_gguf["Q4_0"])
    assert main(["drift", base, quant, base, "--suite", str(suite_path)]) == 0
    out, err = capsys.readouterr()
    lines = out.strip().splitlines()
    base_name, quant_name = "tiny-BF16.gguf", "tiny-Q4_0.gguf"
    table, more = ["file", base_name, quant_name, base_name], ["file", quant_name, base_name]
    assert first_words(lines) == [*table, "", *more, "", *more, "", quant_name, "", base_name]
    assert "100.0 ± 0.0 %" in lines[3]
    assert lines[-3].startswith(f"{quant_name} is ")
    assert lines[-1].startswith(f"{base_name} is identical to {base_name}: every token's")
    assert "two: 2 dialogues, 14 tokens of the tutor's turns" in err


def test_json_goes_to_stdout_and_the_report_to_its_file(
    tiny_gguf: dict[str, Path],
    suite_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = tmp_path / "report.json"
    arguments = [
        "drift",
        str(tiny_gguf["BF16"]),
        str(tiny_gguf["Q4_0"]),
        "--suite",
        str(suite_path),
    ]
    assert main([*arguments, "--json", "--report-json", str(report)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(report.read_text(encoding="utf-8"))
    (drift,) = printed["drifts"]
    assert drift["quant"]["size_bytes"] == tiny_gguf["Q4_0"].stat().st_size
    assert len(drift["base"]["sha256"]) == len(drift["suite"]["sha256"]) == 64
    assert "llama.cpp" in drift["runtime"]


def test_a_report_replaces_no_input_and_is_refused_before_the_work(
    tiny_gguf: dict[str, Path],
    suite_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    base, quant = tiny_gguf["BF16"], tiny_gguf["Q4_0"]
    before = quant.read_bytes()
    folder, twin = tmp_path / "folder", tmp_path / "twin"
    folder.mkdir()
    held = folder / "config.json"
    held.touch()
    twin.hardlink_to(suite_path)
    for report, reason in (
        (quant, "it is an input"),
        (suite_path, "it is an input"),
        (twin, "it is an input"),
        (tmp_path, "it is a folder"),
        (tmp_path / "missing" / "report.json", "there is no such folder"),
    ):
        options = ["--suite", str(suite_path), "--report-json", str(report)]
        assert main(["drift", str(base), str(quant), *options]) == 1
        assert f"cannot write the report {report}: {reason}" in capsys.readouterr().err
    assert quant.read_bytes() == before
    assert main(["drift", str(folder), str(quant), "--report-json", str(held)]) == 1
    assert f"{held}: it is an input" in capsys.readouterr().err
    split = [tmp_path / f"m-0000{n}-of-00002.gguf" for n in (1, 2)]
    for part in split:
        part.touch()
    assert main(["drift", str(split[0]), str(quant), "--report-json", str(split[1])]) == 1
    assert f"{split[1]}: it is an input" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_a_checkpoint_folder_is_measured_as_it_is_and_leaves_nothing_behind(
    make_checkpoint: Callable[..., Path],
    suite_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dtype: str,
) -> None:
    folder, quant = str(make_checkpoint(dtype)), str(tmp_path / "quant.gguf")
    assert main(["convert", folder, "--recipe", "F32", "-o", quant]) == 0
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert main(["drift", folder, quant, "--suite", str(suite_path)]) == 0
    out, err = capsys.readouterr()
    assert f"converting {folder} to {dtype} first" in err
    assert f"tiny-{dtype}.gguf" in out
    assert main(["drift", folder, str(tmp_path / "none.gguf")]) == 1
    assert not list(scratch.iterdir())


def test_weights_of_both_16_bit_types_are_measured_in_the_type_that_holds_both(
    make_checkpoint: Callable[..., Path],
) -> None:
    folder = make_checkpoint("BF16")
    shard = sorted(folder.glob("*.safetensors"))[0]
    shard.write_bytes(shard.read_bytes().replace(b'"dtype": "BF16"', b'"dtype": "F16" '))
    assert lossless_recipe(open_source(folder)) == "F32"


def test_a_file_that_fails_leaves_the_rows_of_the_others(
    tiny_gguf: dict[str, Path],
    damaged_gguf: Path,
    suite_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = tmp_path / "report.json"
    files = [str(path) for path in (tiny_gguf["BF16"], damaged_gguf, tiny_gguf["Q4_0"])]
    options = ["--suite", str(suite_path), "--report-json", str(report)]
    assert main(["drift", *files, *options]) == 1
    out, err = capsys.readouterr()
    quant = "tiny-Q4_0.gguf"
    names = ["file", "tiny-BF16.gguf", quant, *["", "file", quant] * 2, "", quant]
    assert first_words(out.splitlines()) == names
    complaint = err.splitlines()[-1]
    assert complaint.startswith("llmq: dialogue 'a': ")
    assert "damaged.gguf computes no number" in complaint
    written = json.loads(report.read_text(encoding="utf-8"))
    assert [drift["quant"]["name"] for drift in written["drifts"]] == ["tiny-Q4_0.gguf"]
    assert [failed["quant"]["name"] for failed in written["failed"]] == ["damaged.gguf"]
    assert main(["drift", *files[:2], *options]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["2 dialogues, 2 files: a few seconds", complaint]


def test_a_report_that_cannot_be_written_in_the_end_costs_no_row(
    tiny_gguf: dict[str, Path], suite_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs a device that is always full")
    files = [str(tiny_gguf["BF16"]), str(tiny_gguf["Q4_0"])]
    options = ["--suite", str(suite_path), "--report-json", "/dev/full"]
    assert main(["drift", *files, *options]) == 1
    out, err = capsys.readouterr()
    assert "tiny-Q4_0.gguf" in out
    assert "cannot write the report /dev/full: No space left" in err


def test_the_same_call_prints_the_same_bytes(
    tiny_gguf: dict[str, Path], suite_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tiny_gguf["BF16"]), str(tiny_gguf["Q4_0"])]
    printed = set()
    for _ in range(2):
        assert main(["drift", *files, "--suite", str(suite_path), "--json", "--threads", "2"]) == 0
        printed.add(capsys.readouterr().out)
    assert len(printed) == 1


@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
def test_a_name_gives_the_terminal_no_orders(
    tiny_gguf: dict[str, Path],
    suite_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    suite = suite_path.rename(tmp_path / "s\x1b[31m\r.jsonl")
    quant = tmp_path / "q\x1b]0;title\x07.gguf"
    quant.write_bytes(tiny_gguf["Q4_0"].read_bytes())
    assert main(["drift", str(tiny_gguf["BF16"]), str(quant), "--suite", str(suite)]) == 0
    text = "".join(capsys.readouterr())
    assert r"q\x1b]0;title\x07.gguf" in text
    assert not {"\x1b", "\x07", "\r"} & set(text)


def test_a_report_replaces_no_part_of_a_split_file(tmp_path: Path) -> None:
    first, second = (tmp_path / f"m-0000{n}-of-00002.gguf" for n in (1, 2))
    for part in (first, second):
        part.touch()
    with pytest.raises(OutputError, match="it is an input"):
        check_report(second, [first])


def test_a_suite_that_is_neither_built_in_nor_a_file(
    tiny_gguf: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tiny_gguf["BF16"]), str(tiny_gguf["Q4_0"])]
    for name, hint in (("genral", "did you mean general?"), ("my", "built in are tutoring, ")):
        assert main(["drift", *files, "--suite", name]) == 1
        assert f"there is no suite {name}; {hint}" in capsys.readouterr().err


def test_wrong_input_is_one_line(
    tiny_gguf: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("hello", encoding="utf-8")
    good = str(tiny_gguf["Q4_0"])
    for arguments in ([good, str(text)], [str(text), good], [good, good, "--suite", str(text)]):
        assert main(["drift", *arguments]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("llmq: ")
        assert err.count("\n") == 1
