"""A finished file is tried before it is published: does llama.cpp open it, and cut text rightly?

What no table foresees is found here. The trial (`llmq.runtime.trial`) runs in a process of its own,
for a file that is wrong in a new way can end the process that opens it, or keep it for ever. The
process is started by its name, not forked: it imports nothing of the caller's, and its standard
streams are pipes, so that nothing of llama.cpp's reaches a terminal.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from llmq import errors
from llmq.errors import LlmqError, ModelError, one_line

TRIAL = "llmq.runtime.trial"
LEAST_SECONDS = 120.0
BYTES_PER_SECOND = 10_000_000  # of a slow disk; the trial reads each byte about once
REMEDY = "--no-load-check writes it all the same"


def check_loads(file: Path, *, name: str, folder: Path | None = None) -> None:
    """Raise a child of `LlmqError` where llama.cpp cannot work with `file`, called `name`.

    Its tokens of a list of texts are held against those of the tokenizer.json in `folder`.
    """
    limit = LEAST_SECONDS + file.stat().st_size / BYTES_PER_SECOND
    command = [sys.executable, "-P", "-m", TRIAL, str(file)]
    command += [str(folder)] if folder else []
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=child_environment(),
            timeout=limit,
        )
    except subprocess.TimeoutExpired as late:
        doing = _lines(late.stdout or b"").get("doing", "trying it")
        raise ModelError(
            f"{name}: llama.cpp did not finish {doing} within {limit:.0f} s; {REMEDY}"
        ) from None
    except OSError as error:
        raise ModelError(
            f"{name}: no process to try it could be started ({error.strerror}); {REMEDY}"
        ) from None
    lines = _lines(done.stdout)
    if "error" in lines:
        raise _said(lines, name, str(file))
    if "done" not in lines:
        doing, how = lines.get("doing", "starting"), _ending(done.returncode)
        why = _last_words(done.stderr.decode("utf-8", "replace"))
        raise ModelError(f"{name}: llama.cpp's process {how} while {doing}{why}; {REMEDY}")


def child_environment() -> dict[str, str]:
    """Ours, with the paths that this process imports from."""
    paths = [path or os.getcwd() for path in sys.path]  # noqa: PTH109  # "" stands for it
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "GGML_NO_BACKTRACE": "1",  # which would start a debugger
        "TOKENIZERS_PARALLELISM": "false",
    }


def _lines(output: bytes) -> dict[str, Any]:
    """The objects of all lines as one, later ones over earlier ones.

    A line of another form is not the trial's: Python may have said it at its start, or a process
    that was ended has not finished it.
    """
    merged: dict[str, Any] = {}
    for line in output.splitlines():
        with suppress(ValueError, TypeError):
            merged |= json.loads(line)
    return merged


def _said(lines: dict[str, Any], name: str, file: str) -> LlmqError:
    """The error that the process met, as one of ours."""
    kind: type[LlmqError] = getattr(errors, lines["kind"])
    text = lines["error"].replace(file, name)
    return kind(text if kind is not ModelError else f"{name}: {text}; {REMEDY}")


def _ending(code: int) -> str:
    """How a process ended that should have said something."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"died ({signal.Signals(-code).name})"
    except ValueError:
        return f"died (signal {-code})"


def _last_words(text: str) -> str:
    """Of what it wrote, the line that says most: of an assertion, of an exception, or the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [line for line in lines if "GGML_ASSERT" in line or line.startswith("what():")]
    return f": {one_line([*lines[-1:], *marked[:1]][-1])}" if lines else ""
