"""A chat that is killed at any time has lost its current turn at most."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLING = Path(__file__).with_name("killing.py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, for speed")


def kills(folder: Path, count: int, seed: int) -> tuple[int, int]:
    """The turns that were promised to be kept, and those that were kept beyond them."""
    command = [sys.executable, str(KILLING), str(folder), str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    n_promised, n_more = map(int, done.stdout.split())
    return n_promised, n_more


def test_a_few_kills(tmp_path: Path) -> None:
    n_promised, _ = kills(tmp_path, 25, seed=1)
    assert n_promised > 25, "they were killed before they had anything to lose"


@pytest.mark.slow
def test_a_thousand_kills(tmp_path: Path) -> None:
    n_promised, _ = kills(tmp_path, 1000, seed=2)
    assert n_promised > 1000
