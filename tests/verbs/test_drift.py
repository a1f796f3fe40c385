"""`llmq drift` as a habit: a first look, replies side by side, what is said before and after."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from llmq.runtime import Model
from llmq.verbs.side_by_side import MARK
from tests.conftest import run

TALK = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "What is 2+2?"},
        {"role": "assistant", "content": "Count."},
    ]
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Thirty dialogues."""
    path = tmp_path / "thirty.jsonl"
    path.write_text("".join(json.dumps({"id": f"t{i}", **TALK}) + "\n" for i in range(30)))
    return path


def test_quick_is_spread_over_the_suite_and_says_so_kindly(
    tiny_gguf: dict[str, Path], suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    files = tiny_gguf["BF16"], tiny_gguf["Q4_0"]
    assert run("drift", *files, "--suite", suite, "--quick", "--report-json", report) == 0
    out, err = capsys.readouterr()
    assert "thirty (--quick): 20 dialogues, 140 tokens" in err
    assert "note: a first look at a few dialogues" in err
    assert "only 20 documents" not in err
    assert "on 20 dialogues of thirty (--quick)" in out
    (drift,) = json.loads(report.read_text())["drifts"]
    assert [row["id"] for row in drift["documents"]] == [f"t{i * 30 // 20}" for i in range(20)]
    assert drift["suite"]["name"] == "thirty (--quick)"
    assert drift["verdict"]["sentence"] in out


def test_shown_replies_are_the_same_each_time_and_come_without_their_table(
    tiny_gguf: dict[str, Path], suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = set()
    for _ in range(2):
        files = tiny_gguf["BF16"], tiny_gguf["Q4_0"]
        assert run("drift", *files, "--suite", suite, "--quick", "--show", "2") == 0
        printed.add(capsys.readouterr().out)
    (out,) = printed
    for i, name in ((1, "t0"), (2, "t15")):
        assert f"[{i} of 2] {name}\nstudent: What is 2+2?\n" in out
    assert MARK in out
    assert "[cut off]" in out
    assert "same reply" not in out
    assert run("drift", files[0], files[0], "--suite", suite, "--quick", "--show", "1") == 0
    out = capsys.readouterr().out
    assert "tiny-BF16.gguf, tiny-BF16.gguf: the same, word for word" in out
    assert MARK not in out


def test_what_is_ahead_is_said_before_the_work(
    tiny_gguf: dict[str, Path], suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tiny_gguf[recipe] for recipe in ("BF16", "F32", "Q4_0")]
    assert run("drift", *files, "--suite", suite, "--generate", "1") == 0
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("30 dialogues and 1 reply, 3 files: ")
    assert first.endswith(("a few seconds", "seconds", "minutes"))


def test_one_dialogue_is_one(
    tiny_gguf: dict[str, Path], suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.write_text(suite.read_text().partition("\n")[0])
    assert run("drift", tiny_gguf["BF16"], tiny_gguf["Q4_0"], "--suite", suite) == 0
    out, err = capsys.readouterr()
    assert "1 dialogue, 2 files: a few seconds" in err
    assert "thirty: 1 dialogue, 7 tokens" in err
    assert "on 1 dialogue of thirty" in out
    assert "1 dialogues" not in out + err


@pytest.mark.parametrize(
    "options",
    [
        ["--text", "README.md", "--show", "1"],
        ["--text", "README.md", "--quick"],
        ["--show", "1", "--json"],
        ["--show", "0"],
    ],
)
def test_options_that_do_not_go_together(
    tiny_gguf: dict[str, Path], options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("drift", tiny_gguf["BF16"], tiny_gguf["Q4_0"], *options) == 2
    option = "--quick" if "--quick" in options else "--show"
    assert f"llmq drift: {option}: " in capsys.readouterr().err


def test_a_template_that_drops_the_system_turn_is_told(
    save_gguf: Callable[..., Path], suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = (
        "{% for m in messages if m.role != 'system' %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    deaf = save_gguf("deaf", "BF16", template)
    note = "note: the chat template of deaf-BF16.gguf leaves system turns out"
    assert run("drift", deaf, deaf, "--suite", suite, "--quick") == 0
    assert capsys.readouterr().err.count(note) == 1
    suite.write_text(suite.read_text().replace("Be kind.", ""))
    assert run("drift", deaf, deaf, "--suite", suite, "--quick") == 0
    assert note not in capsys.readouterr().err


def test_an_error_names_the_folder_and_not_the_file_made_of_it(
    make_checkpoint: Callable[..., Path],
    tiny_gguf: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = make_checkpoint()
    assert run("drift", folder, tiny_gguf["Q4_0"]) == 1
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert f"{folder} and {tiny_gguf['Q4_0']} do not read text as the same tokens" in complaint
    assert "llmq-drift-" not in complaint


def test_ctrl_c_leaves_the_figures_of_the_dialogues_that_were_read(
    tiny_gguf: dict[str, Path],
    suite: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = tmp_path / "report.json"
    rows, calls = Model.rows, 0

    def interrupted(model: Model, *arguments: list[int]) -> object:
        nonlocal calls
        calls += 1
        if calls > 16:  # the try before takes 4, each dialogue 2
            raise KeyboardInterrupt
        return rows(model, *arguments)

    monkeypatch.setattr(Model, "rows", interrupted)
    files = tiny_gguf["BF16"], tiny_gguf["Q4_0"]
    saved = tmp_path / "half.base"
    options = ["--suite", suite, "--show", "1", "--report-json", report, "--save-base", saved]
    assert run("drift", *files, *options) == 1
    out, err = capsys.readouterr()
    assert "half.base was not written: not all was compared" in err
    assert not saved.exists()
    assert "note: stopped by Ctrl-C: these are the first 6 of 30 dialogues" in err
    assert err.splitlines()[-1] == "llmq: stopped by Ctrl-C"
    assert "on 6 dialogues of thirty" in out
    assert "[1 of 1]" not in out
    assert not report.exists()
    calls = 16  # before anything is finished, nothing is said
    assert run("drift", *files, "--suite", suite) == 1
    assert capsys.readouterr().out == ""
