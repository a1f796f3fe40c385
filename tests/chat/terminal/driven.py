"""A chat on a pseudo-terminal, typed into turn by turn; pyte keeps the screen."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

LINES = 600  # of a screen so tall that nothing scrolls away
SECONDS = 60
PROMPT = b"\x1b[?2004h"  # with each, the terminal is asked to tell a paste from typing


class Driven:
    """A chat whose prompt is waited for before each line that is typed."""

    def __init__(self, arguments: Sequence[str], *, columns: int, more: Mapping[str, str]) -> None:
        self.screen = pyte.Screen(columns, LINES)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(self._ours, (LINES, columns))
        command = [sys.executable, "-m", "llmq.cli", "chat", *arguments]
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment | {"TERM": "xterm-256color"} | dict(more),
            start_new_session=True,
        )
        os.close(theirs)

    def write(self, data: bytes) -> None:
        """Type, or paste, and read meanwhile what the chat writes."""
        os.set_blocking(self._ours, False)
        while data:
            try:
                data = data[os.write(self._ours, data[:4096]) :]
            except BlockingIOError:
                self._read(0.05)
        os.set_blocking(self._ours, True)

    def wait_for(self, data: bytes, n: int = 1) -> None:
        """Read until `data` has been written `n` times."""
        deadline = time.monotonic() + SECONDS
        while self.raw.count(data) < n:
            assert time.monotonic() < deadline, f"no {data!r} in {self.raw[-2000:]!r}"
            assert self._read(1) or self.process.poll() is None, self.raw[-2000:]

    def talk(self, turns: Sequence[str]) -> None:
        """Type each turn at a prompt of its own."""
        for turn in turns:
            self.wait_for(PROMPT, self.raw.count(PROMPT) or 1)
            before = self.raw.count(PROMPT)
            self.write(turn.encode() + b"\r")
            self.wait_for(PROMPT, before + 1)

    def end(self) -> int:
        """Leave; the exit code."""
        self.write(b"/quit\r")
        while self._read(SECONDS):
            pass
        os.close(self._ours)
        return self.process.wait(SECONDS)

    def kill(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def text(self) -> str:
        """The screen, without what is empty at its end."""
        lines = [line.rstrip() for line in self.screen.display]
        return "\n".join(lines).rstrip() + "\n"

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Linux tells the end of a pseudo-terminal so
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)


Chat = Callable[..., Driven]
"""What the fixture `chat` is: it opens one."""


def arguments(model: Path, *more: str) -> list[str]:
    """Of a chat that says the same each time."""
    return [str(model), "--threads", "1", "--temperature", "0", "--seed", "1", *more]
