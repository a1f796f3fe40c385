"""What drift costs beside bare passes, measured on small files."""

import sys
from pathlib import Path

import pytest

from llmq import convert
from llmq.suites import read_suite
from scripts.peer import bench_drift


@pytest.mark.slow
def test_the_whole_script_on_small_files(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [
        convert(repository / "eval" / "tutor", tmp_path / f"{name}.gguf", recipe=name)
        for name in ("BF16", "Q4_0")
    ]
    suite = bench_drift.shortened(files, "tutoring", 200, tmp_path)
    passages, _ = bench_drift.read(files, str(suite))
    lengths = [len(passage.scored) for passage in passages]
    assert sum(lengths) >= 200
    assert len(read_suite(suite).dialogues) < 10
    command = ["bench", *map(str, files), "--scored", "200", "--runs", "1", "--threads", "1"]
    monkeypatch.setattr(sys, "argv", command)
    assert bench_drift.main() == 0
    said = capsys.readouterr().out
    assert f"{sum(lengths)} scored" in said
    assert "beyond the files' sizes" in said
