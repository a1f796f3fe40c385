"""`llmq convert org/name`: what it fetches, what it says, and what is left when it is stopped."""

from pathlib import Path

import pytest

from llmq.verbs import progress
from tests.conftest import run
from tests.sources.hub.small_hub import SmallHub

Captured = pytest.CaptureFixture[str]


def test_a_model_is_fetched_and_converted(
    hub: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["convert", "org/tutor@v1.0", "--recipe", "Q8_0", "--no-load-check"]
    assert run(*command) == 0
    size = sum(len(data) for name, data in hub.files.items() if name.startswith("model-"))
    said = capsys.readouterr().err
    assert f"fetching org/tutor@v1.0, {size / 1000:.1f} kB\n" in said
    assert "tutor-Q8_0.gguf: " in said
    hub.error = (503, "")
    assert run(*command, "--force", "--quiet") == 0
    said = capsys.readouterr().err
    assert said.startswith("note: org/tutor@v1.0: the hub answered 503; try again when")
    assert run("recipes", "org/tutor@v1.0") == 0
    assert "llmq convert org/tutor@v1.0 --recipe" in capsys.readouterr().out


def test_stopped_by_ctrl_c(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """As a person does when the bar appears."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress, "bar_of", stop)
    assert run("convert", "org/tutor") == 1
    assert "org/tutor: stopped by Ctrl-C; what has come is kept" in capsys.readouterr().err
    assert not [asked for asked in hub.asked if "model-0" in asked]


def test_a_model_that_only_looks_like_one_is_not_asked_for(
    hub: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """A typing error in a folder's name is nobody's business."""
    (tmp_path / "models" / "tutor").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert run("convert", "modles/tutor") == 1
    assert run("convert", "models/tutro") == 1
    said = capsys.readouterr().err
    assert "did you mean models/tutor?" in said
    assert hub.asked == []
