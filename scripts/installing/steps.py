"""Run pip with its steps named and a clock beside them: nothing is silent for ten seconds."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from scripts.installing.machine import CORES, WINDOWS, InstallError, compiler_package

TAIL_LINES = 15
TAIL_ERRORS = 3
CAUSE = r"CMake Error|fatal error|: error: |No space left|NewConnection"
LOOKS_SECONDS = 0.25
PATIENCE_SECONDS = 30.0  # for pip to end when it is told to
QUIET_SECONDS = 8.0  # without a terminal, a line at least as often
COMPILE_MINUTES = max(1, round(10 / CORES))  # about ten minutes of one core

# What a line of pip's output says of the step, and where in the line its detail stands.
STEPS = (
    (r"\s*Collecting ([\w.-]+)", "fetching packages"),
    (
        r"\s+Building wheel for llama\S* .*: started()",
        f"compiling llama.cpp, about {COMPILE_MINUTES} min with {CORES} cores",
    ),
    (r"\s+Building editable for ()", "preparing llmq"),
    (r"Installing collected packages()", "unpacking packages"),
    (r"\s*\[ *(\d+/\d+|\d+%)\] ", None),  # ninja or make, within the step
)
# What the output of a failure holds, and the remedy; the first counts.
REMEDIES = (
    (r"No space left", "free 1 GB of disk (2 GB for dev) and run it again"),
    (r"Name or service|NewConnection|timed out|No matching distribution",
     "is the network there? What was fetched or compiled is kept: run it again"),
    (r"CMake Error|CMakeError|ninja: ",
     "llama.cpp does not compile: is the compiler whole ({compiler}), and cmake and ninja, if they are on PATH?"),
    (r"", "run it again; if it stops at the same place, remove .venv first"),
)  # fmt: skip


def run(title: str, command: list[str], log: Path, environment: dict[str, str]) -> None:
    """Run a command in this folder, its output in `log`; a failure shows the end and the remedy."""
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as written, log.open(encoding="utf-8", errors="replace") as lines:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            env=environment,
            start_new_session=not WINDOWS,  # a group of its own, which can be stopped as a whole
        )
        step = Step(title)
        try:
            while process.poll() is None:
                for line in lines:
                    step.read(line)
                step.show()
                time.sleep(LOOKS_SECONDS)
        finally:
            step.end()
            stop(process)
    if process.returncode:
        raise InstallError(failure(log))


def stop(process: subprocess.Popen[bytes]) -> None:
    """End whatever of it still runs: pip, and the compilers that it started."""
    if process.poll() is not None:
        return
    print("stopping", file=sys.stderr, flush=True)
    if WINDOWS:
        process.terminate()  # Ctrl-C has reached those that it started: they share the console
        process.wait()
        return
    os.killpg(process.pid, signal.SIGINT)  # at which pip removes what it had unpacked
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.wait(PATIENCE_SECONDS)
    with suppress(ProcessLookupError):  # nothing is left
        os.killpg(process.pid, signal.SIGKILL)


def failure(log: Path) -> str:
    """The first errors and the end of the output, shown, and a line that says what to do."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    errors = [line for line in lines[:-TAIL_LINES] if re.search(CAUSE, line)]
    for line in [*errors[:TAIL_ERRORS], *lines[-TAIL_LINES:]]:
        print(f"    {line}", file=sys.stderr)
    remedy = next(remedy for pattern, remedy in REMEDIES if re.search(pattern, text))
    return f"this failed (all of its output: {log}); {remedy.format(compiler=compiler_package())}"


class Step:
    """What is being done and since when: one line that is rewritten, or a line now and then."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._detail = ""
        self._since = time.monotonic()
        self._shown = float("-inf")
        self._terminal = sys.stderr.isatty()

    def read(self, line: str) -> None:
        """Take a line of pip's output."""
        for pattern, name in STEPS:
            if found := re.match(pattern, line):
                if name not in (None, self._name):
                    self.end()
                    self._name, self._since, self._shown = name, time.monotonic(), float("-inf")
                self._detail = found[1]
                return

    def show(self) -> None:
        """Show it, if it is time to."""
        now = time.monotonic()
        if now - self._shown < (1.0 if self._terminal else QUIET_SECONDS):
            return
        self._shown = now
        detail = f" ({self._detail})" if self._detail else ""
        self._print(f"{self._name}{detail}: {clock(now - self._since)}")

    def end(self) -> None:
        """On a terminal, leave the line with the whole time."""
        if self._terminal:
            self._print(f"{self._name}: {clock(time.monotonic() - self._since)}")
            print(file=sys.stderr)

    def _print(self, text: str) -> None:
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:{width}}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
