"""Worker processes end with the process that they work for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLED = """
import os, signal
from llmq.workers import worker_pool

if __name__ == "__main__":
    with worker_pool(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="killed with a POSIX signal")
def test_a_killed_process_leaves_no_worker(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    told = tmp_path / "pid"  # a file: of a pipe, the worker would hold the other end
    with told.open("w", encoding="utf-8") as out:
        done = subprocess.run([sys.executable, script], stdout=out, check=False)
    assert done.returncode == -signal.SIGKILL
    worker = int(told.read_text())
    for _ in range(100):
        if not alive(worker):
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker went on")
