"""What convert, inspect and a bare llmq print at three widths, to the letter."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run

MakeCheckpoint = Callable[..., Path]
Golden = Callable[[str, str], None]

COMMANDS: dict[str, list[str]] = {
    "overview": [],
    "convert-plan": ["convert", "tiny", "--dry-run"],
    "inspect-folder": ["inspect", "tiny"],
    "inspect-file": ["inspect", "tiny.gguf"],
}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_golden_output(
    make_checkpoint: MakeCheckpoint,
    golden: Golden,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = make_checkpoint()
    monkeypatch.chdir(folder.parent)
    assert run("convert", "tiny", "-o", "tiny.gguf", "--quiet", "--no-load-check") == 0
    monkeypatch.setenv("COLUMNS", str(width))
    for name, command in COMMANDS.items():
        capsys.readouterr()
        assert run(*command) == 0
        printed = capsys.readouterr().out
        golden(f"{name}-{width}", printed)
        assert max(map(len, printed.splitlines())) <= width
