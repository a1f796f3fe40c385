"""Whether a chat with a file stays on the machine.

A GGUF file is data, and llama.cpp opens no socket. The gate does not take that on trust: it goes
through the metadata (addresses.py), and it watches a process that opens the file and writes a reply
(sockets.py). That says nothing of programs other than llmq and llama.cpp.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llmq import children
from llmq.errors import one_line
from llmq.files.gguf import open_gguf
from llmq.files.parts import parts_of
from llmq_eval.gate.addresses import followed, inert
from llmq_eval.gate.evidence import Axis, Check
from llmq_eval.gate.sockets import KILLED

AXIS: Axis = "privacy"
PROGRAM = (sys.executable, "-P", "-m", "llmq_eval.gate.watched_reply")
SECONDS = 300
PYTHON, ANY, THIS = (
    "connections of Python code",
    "connections of any code",
    "connections while measuring",
)


def privacy_checks(quant: Path) -> tuple[Check, ...]:
    """The checks of the file and of a process that writes a reply with it."""
    return (address_check(quant), *socket_checks(quant))


def address_check(quant: Path) -> Check:
    """No address that a program would follow."""
    name = "addresses in the metadata"
    files = [open_gguf(part) for part in parts_of(quant)]
    found = [one_line(line, 120) for file in files for line in followed(file.metadata)]
    if found:
        more = f" and {len(found) - 1} more" if found[1:] else ""
        return Check(AXIS, name, "fail", found[0] + more)
    told = [key for file in files for key in inert(file.metadata)]
    words = "none that a program would follow"
    if told:
        shown = one_line(", ".join(told[:3]), 120)
        words += f"; {len(told)} keys for people hold some ({shown})"
    return Check(AXIS, name, "pass", words)


def socket_checks(quant: Path, program: Sequence[str] = PROGRAM) -> tuple[Check, Check]:
    """No internet socket of Python's, and none at all, while a reply is written."""
    try:
        done = subprocess.run(
            [*program, str(quant)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=children.environment(),
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        words = f"no reply was written: {one_line(str(error))}"
        return Check(AXIS, PYTHON, "skipped", words), Check(AXIS, ANY, "skipped", words)
    said = children.lines(done.stdout)
    if sockets := said.get("sockets"):
        python = Check(
            AXIS,
            PYTHON,
            "fail",
            f"it opened a connection while it wrote a reply ({', '.join(sockets)})",
        )
    elif "n_tokens" in said:
        words = f"it opened none while it wrote a reply of {said['n_tokens']} tokens"
        python = Check(AXIS, PYTHON, "pass", words)
    else:
        words = one_line(str(said.get("error", f"the process {children.ending(done.returncode)}")))
        python = Check(AXIS, PYTHON, "skipped", f"no reply was written: {words}")
    return python, _any_code(done.returncode, said, python)


def measurement_check(sockets: Sequence[str]) -> Check:
    """What `watched()` found in the process that measured."""
    if sockets:
        words = f"Python code opened {len(sockets)} ({', '.join(sorted(set(sockets)))})"
        return Check(AXIS, THIS, "fail", words)
    return Check(AXIS, THIS, "pass", "Python code opened none")


def _any_code(code: int, said: dict[str, Any], python: Check) -> Check:
    """What the kernel says, or why it says nothing."""
    if code == -KILLED:
        return Check(AXIS, ANY, "fail", "the system ended the process as it opened a connection")
    why = said.get("unwatched", "the process did not begin")
    if why:
        return Check(AXIS, ANY, "skipped", f"{why}; watched was Python's own code alone")
    if python.status != "pass":
        return Check(AXIS, ANY, "skipped", python.words)
    return Check(
        AXIS,
        ANY,
        "pass",
        "no program code opened one while it wrote a reply (the system would have stopped it)",
    )
