"""`llmq gate --explain` and `--demo`: what needs no files."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import run
from tests.verbs.gate_cases import CODES, verdict


def test_what_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for policy in ("4-bit", "8-bit"):
        assert run("gate", "--explain", "--policy", policy) == 0
        text = capsys.readouterr().out
        for words in (
            "integrity",
            "privacy",
            "choice_accuracy_kept",
            "INCONCLUSIVE",
            "0.01",
            policy,
        ):
            assert words in text


def test_the_demo_is_a_real_verdict_without_a_model(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("gate", "--demo")
    out = capsys.readouterr().out
    assert code == CODES[verdict(out)]
    assert "tutor-Q4_K_M.gguf" in out
    script = "import sys; from llmq.cli import main; main(['gate', '--demo']); print(*sys.modules)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "llmq_eval" in loaded
    assert not loaded & {"llama_cpp", "sympy", "tokenizers", "torch"}


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_each_row_says_what_it_is_however_narrow(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    run("gate", "--demo")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert sum("status" in line for line in lines) == 1, "one table, not two"
