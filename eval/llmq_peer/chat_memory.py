"""The most memory that a real chat takes, as Linux counts it."""

import subprocess
import sys
import time
from pathlib import Path

from llmq.runtime import CHAT

SECONDS = 0.02  # between two looks


def peak_of(file: Path, context: int, *, words: int, cache_type: str = CHAT.cache_type) -> int:
    """The most bytes that were resident while `llmq chat` read a text and replied (VmHWM).

    Anonymous and mapped memory of the one process that a chat is; 0 where there is no /proc.
    """
    text = " ".join(("apple", "pear", "plum", "fig")[number % 4] for number in range(words))
    options = ["--ctx", str(context), "--max-tokens", "8", "--threads", "1", "--system", text]
    options += ["--cache-type", cache_type]
    command = [sys.executable, "-m", "llmq.cli", "chat", str(file), *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        process.stdin.write(b"Hello\n")
        process.stdin.close()
        return peak_while(process)


def peak_while(process: subprocess.Popen[bytes]) -> int:
    """The most bytes that were resident in a process, looked at until it ends."""
    status, peak = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        lines = status.read_text().splitlines() if status.exists() else []
        sizes = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
        peak = max(peak, *sizes, 0)
        time.sleep(SECONDS)
    return peak
