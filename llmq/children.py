"""Processes of our own: what they are started with, how they say something, how they ended.

They write a JSON object a line.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from llmq.errors import one_line


def environment() -> dict[str, str]:
    """Ours, with the paths that this process imports from."""
    paths = [path or os.getcwd() for path in sys.path]  # noqa: PTH109  # "" stands for it
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "GGML_NO_BACKTRACE": "1",  # which would start a debugger
        "TOKENIZERS_PARALLELISM": "false",
    }


def private_output() -> Callable[[dict[str, object]], None]:
    """A function that writes to standard output, which from here on nothing else reaches."""
    own = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)

    def say(line: dict[str, object]) -> None:
        os.write(own, json.dumps(line).encode("ascii") + b"\n")

    return say


def lines(output: bytes) -> dict[str, Any]:
    """The objects of all lines as one, later ones over earlier ones.

    A line of another form is not ours: Python may have said it at its start, or a process
    that was ended has not finished it.
    """
    merged: dict[str, Any] = {}
    for line in output.splitlines():
        with suppress(ValueError, TypeError):
            merged |= json.loads(line)
    return merged


def ending(code: int) -> str:
    """How a process ended that should have said something."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"died ({signal.Signals(-code).name})"
    except ValueError:
        return f"died (signal {-code})"


def last_words(text: str) -> str:
    """Of what it wrote, the line that says most: of an assertion, of an exception, or the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [line for line in lines if "GGML_ASSERT" in line or line.startswith("what():")]
    return f": {one_line([*lines[-1:], *marked[:1]][-1])}" if lines else ""
