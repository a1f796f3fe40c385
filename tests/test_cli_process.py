"""The command line as a process: its streams, Ctrl-C, and what it loads."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from llmq_peer.random_checkpoint import write_checkpoint
from tests.conftest import converted

MakeCheckpoint = Callable[..., Path]


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize(
    ("redirection", "code", "message"),
    [
        (">&-", 0, ""),
        ("<&- >/dev/null", 0, ""),
        (">&- 2>&-", 0, ""),
        (">/dev/full", 1, "llmq: the output: No space left on device"),
        ("| true", 0, ""),
    ],
)
def test_streams_that_are_closed_or_full(
    make_checkpoint: MakeCheckpoint, redirection: str, code: int, message: str
) -> None:
    if "/dev/full" in redirection and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    command = f'"{sys.executable}" -m llmq.cli inspect "{make_checkpoint()}" {redirection}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
@pytest.mark.parametrize(
    ("jobs", "number", "name"),
    [(1, signal.SIGINT, "Ctrl-C"), (2, signal.SIGINT, "Ctrl-C"), (2, signal.SIGTERM, "SIGTERM")],
)
def test_stopped_while_weights_are_written(
    tmp_path: Path, jobs: int, number: signal.Signals, name: str
) -> None:
    """Ctrl-C goes to the whole group, as a terminal does it; kill hits the main process alone."""
    write_checkpoint(tmp_path / "model", size="130M", shards=2)
    command = [sys.executable, "-m", "llmq.cli", "convert", str(tmp_path / "model")]
    command += ["-o", str(tmp_path / "out.gguf"), "--recipe", "F32", "--jobs", str(jobs)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=tmp_path,
        # a background job begins deaf to Ctrl-C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads here
    )
    while not list(tmp_path.glob(".out.gguf.*.partial")):
        assert process.poll() is None
        time.sleep(0.01)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)  # workers that stayed would keep the stream open
    assert process.returncode == 1
    assert errors.endswith(f"out.gguf: stopped by {name}, nothing was written\n")
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.skipif(sys.platform == "win32", reason="kill sends a POSIX signal")
def test_a_killed_drift_leaves_no_converted_base_behind(repository: Path, tmp_path: Path) -> None:
    base = repository / "eval" / "tutor"
    quant = converted(base, "Q4_0", tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "llmq.cli", "drift", str(base), str(quant)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(scratch)}
    )
    while not list(scratch.glob("llmq-drift-*/*.gguf")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.endswith("llmq: stopped by SIGTERM\n")
    assert list(scratch.iterdir()) == []


def test_help_and_chat_load_nothing_heavy() -> None:
    for arguments in (["--help"], ["chat", "--help"], ["chat", "none.gguf"]):
        command = [sys.executable, "-X", "importtime", "-m", "llmq.cli", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
        assert "llmq.version" in loaded
        heavy = {
            "torch",
            "transformers",
            "datasets",
            "pandas",
            "huggingface_hub",
            "sympy",
            "mpmath",
        }
        assert not loaded & heavy
        if arguments == ["--help"]:
            assert "numpy" not in loaded
