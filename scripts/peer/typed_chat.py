"""`llmq chat` on a pseudo-terminal, and when what it writes arrives there."""

import os
import select
import signal
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

TUTOR, PROMPT = b"tutor> ", b"\x1b[?2004h"  # with each prompt, pastes are asked to be told
COLUMNS, LINES = 80, 40
SECONDS = 120


class TypedChat:
    """A chat that is typed into; `raw` is all that it has written. For a `with`."""

    def __init__(self, model: Path, data: Path, options: Sequence[str]) -> None:
        import pty  # which Windows has not

        self.raw = b""
        command = [sys.executable, "-m", "llmq.cli", "chat", str(model), *options]
        environment = os.environ | {"TERM": "xterm-256color", "LLMQ_DATA": str(data)}
        self._pid, self._ours = pty.fork()
        if self._pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job begins deaf to Ctrl-C
            os.execve(command[0], command, environment)
        termios.tcsetwinsize(self._ours, (LINES, COLUMNS))
        self.wait_for(PROMPT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._ours)

    def type(self, text: str) -> float:
        """Write `text`; the moment at which that was done."""
        os.write(self._ours, text.encode())
        return time.perf_counter()

    def wait_for(self, *marks: bytes, since: int = 0) -> float:
        """Read until one of `marks` stands behind `since` in `raw`; the moment of its arrival."""
        deadline = time.monotonic() + SECONDS
        while not any(mark in self.raw[since:] for mark in marks):
            if not select.select([self._ours], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit(f"the chat does not go on after {self.raw[-500:]!r}")
            self.raw += os.read(self._ours, 65536)
        return time.perf_counter()
