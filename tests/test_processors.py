"""Which processors are free, beside processes that really compute."""

import os
import subprocess
import sys
import time

import pytest

from llmq.processors import BACKGROUND, LOAD, cores, free_cores

BUSY = "while True: pass"


def test_at_least_one_and_no_more_than_there_are() -> None:
    assert max(cores() // 2, 1) <= free_cores() <= cores()


@pytest.mark.skipif(not LOAD.exists(), reason="what runs at this moment is known on Linux")
def test_where_others_compute_on_every_core_half_are_taken() -> None:
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(os.cpu_count() or 1)]
    try:
        end = time.monotonic() + 20  # they need a moment to start
        while free_cores() > max(cores() // 2, 1):
            assert time.monotonic() < end
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="priorities are POSIX")
def test_drift_steps_back_as_a_program_alone() -> None:
    """In a process of its own: a caller of `main` keeps its priority."""
    code = (
        "import os, sys; from llmq.cli import main; before = os.nice(0);"
        "main(['drift', 'a', 'b']); within = os.nice(0);"
        "sys.argv[1:] = ['drift', 'a', 'b']; main(); print(before, within, os.nice(0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, within, after = map(int, done.stdout.split())
    assert (within, after) == (before, max(before, BACKGROUND))
