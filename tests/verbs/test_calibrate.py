"""`llmq calibrate` as it is typed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmq.calibration.file import read_calibration
from tests.conftest import run

EAGER = "import sys, llmq.calibration.checkpoints as c; c.SAVE_SECONDS = 0.0; import llmq.cli; "


@pytest.fixture
def tutor(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundled tutor, from an empty folder."""
    monkeypatch.chdir(tmp_path)
    return repository / "eval" / "tutor"


def test_what_it_says(tutor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.txt").write_text("Three quarters of twenty are fifteen. " * 100)
    given = ["--suite", "tutoring=3", "--text", "notes.txt", "--tokens", "2048", "--window", "256"]
    assert run("calibrate", tutor, *given, "--json") == 0
    said = capsys.readouterr()
    *plan, note, done = said.err.splitlines()
    assert plan == [
        "tutor reads 8 windows of 256 tokens",
        "text       share  tokens",
        "tutoring       3   1,536",
        "notes.txt      1     512",
        "2,048 tokens, 2.7 for each of the 768 columns of the widest matrix",
    ]
    assert note.startswith(
        "note: the sample is too small: 2.7 tokens for each of 768 columns, where 8"
    )
    assert done.startswith("tutor-calib.gguf: 43 matrices, 2,048 tokens, ")
    assert done.endswith(" s, read back")
    report = json.loads(said.out)
    tokens = read_calibration("tutor-calib.gguf").tokens
    assert (report["sha256"], report["n_tokens"]) == (tokens.sha256, tokens.ids.size)
    assert [source["share"] for source in report["sources"]] == [3, 1]
    assert sorted(path.name for path in Path().iterdir()) == ["notes.txt", "tutor-calib.gguf"]


def test_quiet_says_what_a_user_of_the_file_needs(
    tutor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("notes.txt").write_text("Three quarters of twenty are fifteen. " * 100)
    assert run("calibrate", tutor, "--text", "notes.txt", "-q", "-o", "out.gguf") == 0
    said = capsys.readouterr()
    assert said.out == ""
    short, small = said.err.splitlines()
    assert short.startswith("note: all of notes.txt is read, which makes ")
    assert small.startswith("note: the sample is too small: ")
    assert run("calibrate", tutor, "-q", "-o", "out.gguf") == 1
    assert "out.gguf: exists already; --force overwrites it" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_and_typed_again(tutor: Path, number: signal.Signals) -> None:
    """Ctrl-C leaves nothing; otherwise the same command goes on, to the same bytes."""
    given = [sys.executable, "-c", f"{EAGER}sys.exit(llmq.cli.main(sys.argv[1:]))"]
    given += ["calibrate", str(tutor), "-o", "out.gguf", "--tokens", "6000"]
    process = subprocess.Popen(given, stderr=subprocess.PIPE, text=True)
    while not Path(".out.gguf.resume").exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 1)
    assert "Traceback" not in said
    if number == signal.SIGINT:
        assert said.endswith("out.gguf: stopped by Ctrl-C, nothing was written\n")
        assert os.listdir() == []  # noqa: PTH208  # names that begin with a dot too
        return
    assert not Path("out.gguf").exists()
    assert Path(".out.gguf.resume").exists()
    subprocess.run([*given, "-q"], check=True, capture_output=True)
    assert os.listdir() == ["out.gguf"] or number == signal.SIGKILL  # noqa: PTH208
    assert not Path(".out.gguf.resume").exists()
    resumed = Path("out.gguf").read_bytes()
    subprocess.run([*given, "-q", "--force"], check=True, capture_output=True)
    assert Path("out.gguf").read_bytes() == resumed
