"""Addresses that a runtime would follow, and sockets: planted ones are found, by the kernel too."""

import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from llmq_eval.gate.privacy import (
    ANY,
    PROGRAM,
    PYTHON,
    address_check,
    measurement_check,
    privacy_checks,
    socket_checks,
)
from llmq_eval.gate.sockets import watched, why_not
from llmq_peer.gguf_contents import contents_of
from tests.conftest import CHATML

by_the_kernel = pytest.mark.skipif(bool(why_not()), reason=why_not())
PLANTED = """
import ctypes, socket, sys, threading
from llmq_eval.gate import watched_reply

def reply(file):
    {call}
    return 1

watched_reply.reply = reply
watched_reply.main()
"""
PYTHONS = "socket.socket(socket.{family}, socket.SOCK_DGRAM)"
LIBRARYS = "ctypes.CDLL(None).socket({family}, 2, 0)"


def planted(call: str, file: Path) -> dict[str, tuple[str, str]]:
    """What is found of a process that does this in the reply's place."""
    checks = socket_checks(file, [sys.executable, "-P", "-c", PLANTED.format(call=call)])
    return {check.name: (check.status, check.words) for check in checks}


def test_a_reply_opens_none(tiny_gguf: dict[str, Path]) -> None:
    found = privacy_checks(tiny_gguf["Q4_0"])
    status = {check.name: check.status for check in found}
    assert status.pop(ANY) == ("skipped" if why_not() else "pass")
    assert set(status.values()) == {"pass"}
    assert "a reply of 16 tokens" in found[1].words


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_a_socket_of_python(tiny_gguf: dict[str, Path], family: str) -> None:
    found = planted(PYTHONS.format(family=family), tiny_gguf["Q4_0"])
    assert found[PYTHON] == ("fail", f"it opened a connection while it wrote a reply ({family})")
    assert found[ANY][0] == ("skipped" if why_not() else "fail")


@by_the_kernel
@pytest.mark.parametrize("family", [2, 10])
@pytest.mark.parametrize("thread", [False, True])
def test_a_socket_past_python(tiny_gguf: dict[str, Path], family: int, thread: bool) -> None:
    call = LIBRARYS.format(family=family)
    if thread:
        call = f"started = threading.Thread(target=lambda: {call}); started.start(); started.join()"
    found = planted(call, tiny_gguf["Q4_0"])
    assert found[ANY] == ("fail", "the system ended the process as it opened a connection")
    assert found[PYTHON][0] == "skipped"


@by_the_kernel
def test_other_sockets_are_let_through(tiny_gguf: dict[str, Path]) -> None:
    found = planted("assert " + LIBRARYS.format(family=1) + " > 0", tiny_gguf["Q4_0"])
    assert {status for status, _ in found.values()} == {"pass"}


@by_the_kernel
def test_a_ring_that_could_open_sockets_is_not_to_be_had(tiny_gguf: dict[str, Path]) -> None:
    call = "assert ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120)) == -1"
    found = planted(call, tiny_gguf["Q4_0"])
    assert {status for status, _ in found.values()} == {"pass"}


def test_what_is_not_watched_is_said(tiny_gguf: dict[str, Path]) -> None:
    """A platform without the filter, stood in for by what it answers."""
    program = (
        "from llmq_eval.gate import watched_reply; watched_reply.forbid = lambda: 'no filter here';"
        " watched_reply.main()"
    )
    python, whole = socket_checks(tiny_gguf["Q4_0"], [sys.executable, "-P", "-c", program])
    assert python.status == "pass"
    assert whole.status == "skipped"
    assert whole.words == "no filter here; watched was Python's own code alone"


def test_without_a_reply_nothing_is_passed(damaged_gguf: Path, tmp_path: Path) -> None:
    for file, program in (
        (damaged_gguf, PROGRAM),
        (tmp_path / "none.gguf", PROGRAM),
        (damaged_gguf, (sys.executable, "-c", "import os; os.abort()")),
        (damaged_gguf, (str(tmp_path / "no-program"),)),
    ):
        found = socket_checks(file, program)
        assert {check.status for check in found} == {"skipped"}
        assert all("\n" not in check.words for check in found)


def test_this_process_is_watched_meanwhile() -> None:
    with watched() as sockets:
        socket.socket(socket.AF_INET).close()
        socket.socket(socket.AF_INET6).close()
    with watched() as none:
        pass
    socket.socket(socket.AF_INET).close()
    assert sockets == ["AF_INET", "AF_INET6"]
    assert measurement_check(sockets).status == "fail"
    assert measurement_check(none).status == "pass"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("general.repo_url", "https://example.org/tutor", "pass"),
        ("general.tags", ["tutor", "https://example.org"], "pass"),
        ("tokenizer.chat_template", "See https://example.org. " + CHATML, "pass"),
        ("tokenizer.chat_template", "{%- include 'https://example.org/t' %}" + CHATML, "fail"),
        ("tokenizer.chat_template.tools", "{% from 'macros' import turn %}", "fail"),
        ("tokenizer.chat_template", "![](https://example.org/seen.png)" + CHATML, "fail"),
        ("tokenizer.chat_template", "<img src='//example.org/seen'>" + CHATML, "fail"),
        ("tokenizer.chat_template", "{% set included = 'from' %}" + CHATML, "pass"),
        ("llama.update", "ftp://example.org/weights", "fail"),
        ("reader.fonts", ["a", r"\\server\share"], "fail"),
    ],
)
def test_addresses(
    tiny_gguf: dict[str, Path], tmp_path: Path, key: str, value: Any, status: str
) -> None:
    contents = contents_of(tiny_gguf["Q4_0"])
    contents.metadata[key] = value
    check = address_check(contents.write(tmp_path / "changed.gguf"))
    assert check.status == status
    if status == "fail":
        assert key in check.words
    else:
        assert ("keys for people" in check.words) == ("example.org" in str(value))


def test_words_of_the_vocabulary_are_no_addresses(
    tiny_gguf: dict[str, Path], tmp_path: Path
) -> None:
    contents = contents_of(tiny_gguf["Q4_0"])
    tokens: Any = contents.metadata["tokenizer.ggml.tokens"]
    tokens[70] = "https://www"
    check = address_check(contents.write(tmp_path / "changed.gguf"))
    assert (check.status, check.words) == ("pass", "none that a program would follow")
