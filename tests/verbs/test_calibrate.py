"""`llmq calibrate` as it is typed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmq.calibration import checkpoints
from llmq.calibration.file import read_calibration
from tests.conftest import run

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
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
    lines = [line for line in said.err.splitlines() if not line.startswith("calibrating: ")]
    *plan, note, done = lines
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
    all_of_it = ("--text", "notes.txt", "--tokens", "2000000000")
    assert run("calibrate", tutor, *all_of_it, "-q", "-o", "out.gguf") == 0
    said = capsys.readouterr()
    assert said.out == ""
    short, small = said.err.splitlines()
    assert short.startswith("note: all of notes.txt is read, which makes ")
    assert small.startswith("note: the sample is too small: ")
    assert run("calibrate", tutor, "-q", "-o", "out.gguf") == 1
    assert "out.gguf: exists already; --force overwrites it" in capsys.readouterr().err


def test_numbers_that_are_none_leave_nothing(
    tmp_path: Path,
    make_checkpoint: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def damage(tensors: dict[str, Any]) -> None:
        tensors["model.layers.1.mlp.up_proj.weight"][0, 0] = np.nan

    folder = make_checkpoint(change=damage)
    monkeypatch.setattr(checkpoints, "SAVE_SECONDS", 0.0)
    assert run("calibrate", folder, "-q", "--tokens", "512", "-o", tmp_path / "out.gguf") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"llmq: {folder}: model.layers.1 computes something that is no number")
    assert list(tmp_path.iterdir()) == [folder]


def command(tutor: Path) -> list[str]:
    """A calibration that saves its state after every layer."""
    code = f"{EAGER}sys.exit(llmq.cli.main(sys.argv[1:]))"
    given = ["calibrate", str(tutor), "-o", "out.gguf", "--tokens", "6000", "--force"]
    return [sys.executable, "-c", code, *given]


def stopped_by(number: signal.Signals, tutor: Path) -> tuple[int, str]:
    """The exit code and the words of one that a signal hits after its first layer."""
    process = subprocess.Popen(
        command(tutor),
        stderr=subprocess.PIPE,
        text=True,
        # a background job begins deaf to Ctrl-C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads here
    )
    while not Path(".out.gguf.resume").exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    assert not Path("out.gguf").exists()
    return process.returncode, said


@POSIX
@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")]
)
def test_stopped_it_says_that_the_command_goes_on(
    tutor: Path, number: signal.Signals, name: str
) -> None:
    code, said = stopped_by(number, tutor)
    assert code == 1
    assert said.endswith(f"llmq: stopped by {name}; the same command goes on where this one was\n")
    assert left() == [".out.gguf.resume"]


@POSIX
@pytest.mark.slow
def test_killed_and_typed_again(tutor: Path) -> None:
    assert stopped_by(signal.SIGKILL, tutor)[0] == -signal.SIGKILL
    subprocess.run(command(tutor), check=True, capture_output=True)
    resumed = Path("out.gguf").read_bytes()
    assert not Path(".out.gguf.resume").exists()
    subprocess.run(command(tutor), check=True, capture_output=True)
    assert Path("out.gguf").read_bytes() == resumed


def left() -> list[str]:
    """The files of the folder, hidden ones too."""
    return sorted(path.name for path in Path().iterdir())
