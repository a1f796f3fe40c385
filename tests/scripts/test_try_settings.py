"""scripts/try-settings: what is compared is what a file would hold, in every format."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq.calibration.activations import second_moments
from llmq.calibration.file import write_calibration
from llmq.calibration.text import Portion, calibration_tokens
from llmq.sources.opening import open_source
from llmq_eval.text import read_text

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"(\S+) +notes.txt +KL (\S+) ± \S+  same top (\S+) %")


@pytest.fixture
def tried(
    make_checkpoint: Callable[..., Path], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs the script on a tiny model, whose queries and keys change places."""

    def sharpen(tensors: dict[str, NDArray[np.float32]]) -> None:
        for name, weights in tensors.items():
            tensors[name] = weights * (
                30 if "embed" in name else 4
            )  # far from uniform, so that errors show

    folder, text = make_checkpoint(change=sharpen), tmp_path / "notes.txt"
    text.write_text("Three quarters of twenty are fifteen. " * 40)
    source = open_source(folder)
    tokens = calibration_tokens(source, [Portion(read_text(text))])
    write_calibration(tmp_path / "calib.gguf", tokens, second_moments(source, tokens))

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scripts.try_settings", str(folder), "--text", str(text)]
        command += ["--calibration", str(tmp_path / "calib.gguf"), *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


def test_it_measures_what_the_file_would_hold(
    tried: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    kl = {}
    for recipe in ("F16", "Q4_0"):
        done = tried("--recipe", recipe, "--set", "damping=0.3")
        found = LINE.fullmatch(done.stdout.strip())
        assert found, done.stderr
        assert found[1] == "damping=0.3"
        kl[recipe] = float(found[2])
    assert kl["F16"] < 1e-3 < kl["Q4_0"]


def test_a_setting_that_there_is_not(
    tried: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = tried("--recipe", "Q4_0", "--set", "dampng=1")
    assert done.returncode == 1
    assert done.stderr.startswith("there is no setting 'dampng'; known are damping, ")
