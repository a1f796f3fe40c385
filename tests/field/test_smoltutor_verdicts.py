"""The verdicts on a real tutor's files: right, and different, from the same file to two bits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DIALOGUES = "tutor_dialogues_test.jsonl"
CLASSES = {
    "BF16": "identical",
    "Q8_0": "practically the same",
    "Q4_K_M": "close",
    "Q4_0": "noticeably changed",
    "Q2_K": "far",
}
N_SHOWN = 3
N_DIALOGUES = 10  # the shortest of the file, which has long ones


def llmq(*arguments: object) -> str:
    command = [sys.executable, "-m", "llmq.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def files(smoltutor: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files by recipe."""
    folder = tmp_path_factory.mktemp("verdicts")
    found = {recipe: folder / f"smoltutor-{recipe}.gguf" for recipe in CLASSES}
    for recipe, path in found.items():
        llmq("convert", smoltutor, "-o", path, "--recipe", recipe, "--no-load-check")
    return found


@pytest.fixture(scope="module")
def suite(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few real dialogues."""
    lines = (shared / "data" / DIALOGUES).read_text(encoding="utf-8").splitlines()
    path = tmp_path_factory.mktemp("suite") / "short.jsonl"
    path.write_text("\n".join(sorted(lines, key=len)[:N_DIALOGUES]), encoding="utf-8")
    return path


def test_each_file_has_the_verdict_that_fits_it(
    files: dict[str, Path], suite: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    options = ["--suite", suite, "--report-json", report]
    printed = llmq("drift", files["BF16"], *files.values(), *options)
    verdicts = [drift["verdict"] for drift in json.loads(report.read_text())["drifts"]]
    for (recipe, word), verdict in zip(CLASSES.items(), verdicts, strict=True):
        assert word in (verdict["class"], *verdict["perhaps"]), verdict
        assert verdict["sentence"].startswith(f"smoltutor-{recipe}.gguf is {verdict['class']} ")
        assert verdict["sentence"] in " ".join(printed.split())
    assert len({verdict["sentence"] for verdict in verdicts}) == len(CLASSES)
    assert len({verdict["class"] for verdict in verdicts}) >= len(CLASSES) - 1


def test_shown_replies_are_the_same_each_time(files: dict[str, Path], suite: Path) -> None:
    pair = files["BF16"], files["Q4_0"]
    options = ["--suite", suite, "--show", N_SHOWN]
    first, second = (llmq("drift", *pair, *options) for _ in range(2))
    assert first == second
    assert first.count("\nstudent: ") == N_SHOWN
