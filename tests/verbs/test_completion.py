"""`llmq completion`: the script as bash itself runs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llmq.recipes.table import RECIPES
from llmq.verbs import VERBS
from llmq.verbs.completion import INSTALL, script
from llmq_eval.drift import BUILTIN_SUITES
from tests.conftest import run

NAMES = [verb.name for verb in VERBS]
ASK = """
source "$1"; shift
[ "$(complete -p llmq)" = "complete -o bashdefault -F _shtab_llmq llmq" ] || exit 3
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_shtab_llmq llmq "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script in a folder with a model folder and two files."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    folder = tmp_path_factory.mktemp("completion")
    (folder / "my-tutor").mkdir()
    (folder / "my-tutor-Q4_0.gguf").touch()
    (folder / "my-suite.jsonl").touch()
    path = folder / "llmq.bash"
    path.write_text(script("bash"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", {*NAMES, "help"}),
        ("con", {"convert"}),
        ("help in", {"inspect"}),
        ("convert my", {"my-tutor", "my-tutor-Q4_0.gguf", "my-suite.jsonl"}),
        ("convert my-tutor --rec", {"--recipe"}),
        ("convert my-tutor --lora my-t", {"my-tutor", "my-tutor-Q4_0.gguf"}),
        ("convert my-tutor --recipe ", set(RECIPES)),
        ("convert my-tutor --recipe Q4", {name for name in RECIPES if name.startswith("Q4")}),
        ("convert --encoder s", {"search"}),
        ("convert my-tutor -o my-t", {"my-tutor", "my-tutor-Q4_0.gguf"}),
        ("chat my-tutor-", {"my-tutor-Q4_0.gguf"}),
        ("drift my-tutor my-tutor-", {"my-tutor-Q4_0.gguf"}),
        (
            "drift a b --suite ",
            {*BUILTIN_SUITES, "llmq.bash", "my-tutor", "my-tutor-Q4_0.gguf", "my-suite.jsonl"},
        ),
        ("drift a b --suite my-s", {"my-suite.jsonl"}),
        ("completion ", set(INSTALL)),
    ],
)
def test_bash_completes(bash_script: Path, typed: str, expected: set[str]) -> None:
    words = ["llmq", *typed.split(" ")]
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", str(bash_script), *words],
        cwd=bash_script.parent,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert set(done.stdout.split()) == expected, done.stderr


@pytest.mark.parametrize("shell", INSTALL)
def test_each_shell_has_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("completion", shell) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in (*NAMES, "--recipe", "Q4_K_M", "--max-memory"))


def test_nothing_else_loads_shtab() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "llmq.cli", "inspect", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "llmq.planning" in done.stderr
    assert "shtab" not in done.stderr
