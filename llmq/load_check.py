"""A finished file is tried before it is published: does llama.cpp open it, and cut text rightly?

What no table foresees is found here. The trial (`llmq.runtime.trial`) runs in a process of its own,
for a file that is wrong in a new way can end the process that opens it, or keep it for ever. The
process is started by its name, not forked: it imports nothing of the caller's, and its standard
streams are pipes, so that nothing of llama.cpp's reaches a terminal.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from llmq import errors
from llmq.children import ending, environment, last_words, lines
from llmq.errors import LlmqError, ModelError

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
            env=environment(),
            timeout=limit,
        )
    except subprocess.TimeoutExpired as late:
        doing = lines(late.stdout or b"").get("doing", "trying it")
        raise ModelError(
            f"{name}: llama.cpp did not finish {doing} within {limit:.0f} s; {REMEDY}"
        ) from None
    except OSError as error:
        raise ModelError(
            f"{name}: no process to try it could be started ({error.strerror}); {REMEDY}"
        ) from None
    said = lines(done.stdout)
    if "error" in said:
        raise _error(said, name, str(file))
    if "done" not in said:
        doing, how = said.get("doing", "starting"), ending(done.returncode)
        why = last_words(done.stderr.decode("utf-8", "replace"))
        raise ModelError(f"{name}: llama.cpp's process {how} while {doing}{why}; {REMEDY}")


def _error(said: dict[str, Any], name: str, file: str) -> LlmqError:
    """The error that the process met, as one of ours."""
    kind: type[LlmqError] = getattr(errors, said["kind"])
    text = said["error"].replace(file, name)
    return kind(text if kind is not ModelError else f"{name}: {text}; {REMEDY}")
