"""scripts/bench drift: what drift costs beside bare passes, measured on small files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from llmq import convert


@pytest.mark.slow
def test_the_whole_script_on_small_files(repository: Path, tmp_path: Path) -> None:
    tutor = repository / "eval" / "tutor"
    files = [convert(tutor, tmp_path / f"{name}.gguf", recipe=name) for name in ("BF16", "Q4_0")]
    command = [sys.executable, "-m", "scripts.peer.bench_drift", *map(str, files)]
    command += ["--scored", "200", "--runs", "1", "--threads", "1"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    scored = re.search(r"tokens, (\d+) scored", done.stdout)
    assert scored
    assert 200 <= int(scored[1]) < 400
    passes = re.findall(r"llmq drift / bare passes of all files .* (\d+\.\d+) ", done.stdout)
    assert len(passes) == 2
    assert min(map(float, passes)) > 1
    assert "beyond the files' sizes" in done.stdout
