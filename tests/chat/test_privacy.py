"""A chat needs no network and reaches for none: without one, and under the kernel's eyes."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from llmq import convert
from llmq_eval.gate.sockets import KILLED, why_not

WATCHED = Path(__file__).with_name("watched_chat.py")
SCRIPT = "What is 3/4 of 20?\nI think it is 15.\nWhy?\n/help\n/quit\n"
TUTOR = "tutor> "  # what stands before its replies
ALONE = ["unshare", "--user", "--map-root-user", "--net"]


@pytest.fixture(scope="module")
def tutor(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled tutor."""
    output = tmp_path_factory.mktemp("tutor") / "tutor.gguf"
    return convert(repository / "eval" / "tutor", output, recipe="Q4_K_M", load_check=False)


@cache
def without_network() -> list[str]:
    """What begins a command that has no network; nothing where there is no such thing."""
    if shutil.which(ALONE[0]) is None:
        return []
    tried = subprocess.run([*ALONE, "true"], capture_output=True, check=False)
    return ALONE if tried.returncode == 0 else []


def talked(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """The script, said to `command`, with a home and a data folder of its own."""
    named = {"HOME": str(folder), "LLMQ_DATA": str(folder / "data"), "PYTHONUTF8": "1"}
    return subprocess.run(
        [str(part) for part in command],
        input=SCRIPT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | named,
        check=False,
        timeout=120,
    )


def check_talk(talk: subprocess.CompletedProcess[str]) -> None:
    """It went to its end, and the tutor answered every time."""
    assert talk.returncode == 0, talk.stderr
    assert "network:" not in talk.stderr
    for said, then in pairwise(SCRIPT.splitlines()[:3]):
        reply = talk.stdout.partition(said)[2].partition(then)[0]
        assert re.search(rf"{re.escape(TUTOR)}.*\w", reply), talk.stdout


def test_a_chat_without_a_network(tutor: Path, tmp_path: Path) -> None:
    alone = without_network()
    if not alone:
        pytest.skip("unshare -rn is not to be had here: no namespace without a network")
    interfaces = subprocess.run(
        [*alone, "cat", "/proc/net/dev"], capture_output=True, text=True, check=True
    )
    assert [line.split(":")[0].strip() for line in interfaces.stdout.splitlines()[2:]] == ["lo"]
    check_talk(talked(tmp_path, *alone, sys.executable, WATCHED, "chat", tutor, "--threads", "1"))


def test_a_chat_opens_no_socket_of_the_internet(tutor: Path, tmp_path: Path) -> None:
    """Under a filter that ends the process at the first, where the platform has one."""
    talk = talked(tmp_path, sys.executable, WATCHED, "chat", tutor, "--threads", "1")
    check_talk(talk)
    assert ("unwatched:" in talk.stderr) == bool(why_not()), talk.stderr


def test_a_socket_would_be_noticed(tmp_path: Path) -> None:
    probe = talked(tmp_path, sys.executable, WATCHED, "--probe")
    assert "network: socket.__new__" in probe.stderr
    assert probe.returncode == (0 if why_not() else -KILLED)
