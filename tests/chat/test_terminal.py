"""`llmq chat` on a terminal: Ctrl-C, and what is typed while a reply runs."""

import importlib.util
import json
import os
import re
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

PROMPT = "\x1b[?2004h"  # with each, the terminal is asked to tell a paste from typing


class Terminal:
    """A chat on a pseudo-terminal, read with a deadline."""

    def __init__(self, command: list[str]) -> None:
        import pty

        self.screen = ""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job begins deaf to Ctrl-C
            os.execv(command[0], command)

    def wait_for(self, text: str, n: int = 1) -> None:
        """Read until `text` has appeared `n` times."""
        while self.screen.count(text) < n:
            self._read()

    def _read(self) -> None:
        ready, _, _ = select.select([self.file], [], [], 60)
        assert ready, f"nothing more comes after {self.screen!r}"
        self.screen += os.read(self.file, 4096).decode("utf-8", "replace")

    def wait_for_words(self) -> None:
        """Read until some of the last reply is there."""
        while len(self.screen.rsplit("tutor> ", 1)[1]) < 40:
            self._read()

    def type(self, text: str) -> None:
        os.write(self.file, text.encode())

    def exit_code(self) -> int:
        """The chat's exit code once it has ended."""
        deadline = time.monotonic() + 60
        with suppress(OSError):  # Linux says so when the other side has closed the terminal
            while select.select([self.file], [], [], deadline - time.monotonic())[0]:
                if not os.read(self.file, 4096):
                    break
            else:
                pytest.fail(f"the chat did not end; {self.screen!r}")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def type_slowly(self, data: bytes) -> None:
        """Write what the other side may take its time to read, and read the screen meanwhile."""
        os.set_blocking(self.file, False)
        while data:
            with suppress(BlockingIOError):
                data = data[os.write(self.file, data[:512]) :]
            with suppress(BlockingIOError):
                self.screen += os.read(self.file, 4096).decode("utf-8", "replace")
        os.set_blocking(self.file, True)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


needs_pty = pytest.mark.skipif(
    importlib.util.find_spec("pty") is None, reason="there is no pty on Windows"
)


@pytest.fixture
def endless_chat(save_gguf: Callable[..., Path]) -> Iterator[Terminal]:
    """A context that takes this model long to fill, so that a reply is still coming."""
    model = str(save_gguf("endless", "BF16", max_position_embeddings=200_000))
    options = ["--threads", "1", "--max-tokens", "190000", "--ctx", "200000", "--system", ""]
    chat = Terminal([sys.executable, "-m", "llmq.cli", "chat", model, *options])
    try:
        chat.wait_for(PROMPT)
        time.sleep(0.5)  # between its prompt and its waiting, input() is deaf
        yield chat
    finally:
        chat.close()


@needs_pty
def test_ctrl_c_stops_the_reply_and_not_the_chat(endless_chat: Terminal) -> None:
    chat = endless_chat
    chat.type("\x03")  # at the prompt: a hint, and the prompt again
    chat.wait_for("Ctrl-D ends the chat")
    chat.wait_for(PROMPT, 2)
    chat.type("Hello\n")
    chat.wait_for("tutor> ")
    chat.type("\x03")  # in the reply
    chat.wait_for(" ...")
    chat.wait_for(PROMPT, 3)
    chat.type("/quit\n")
    assert chat.exit_code() == 0
    assert "Traceback" not in chat.screen


@needs_pty
@pytest.mark.parametrize("pause_s", [0, 0.001, 0.02])
def test_twenty_quick_ctrl_c_do_not_end_the_chat(endless_chat: Terminal, pause_s: float) -> None:
    """In a reply, and all that come late at the prompt behind it."""
    chat = endless_chat
    for turn in range(1, 4):
        chat.type("Hello\n")
        chat.wait_for("tutor> ", turn)
        for _ in range(20):
            os.kill(chat.pid, signal.SIGINT)
            time.sleep(pause_s)
        chat.wait_for(" ...", turn)
        time.sleep(0.5)
        chat.type("\n")  # on which input() sees a Ctrl-C that came between its prompt and its wait
        time.sleep(0.2)
    chat.type("/quit\n")
    assert chat.exit_code() == 0
    assert "Traceback" not in chat.screen


@needs_pty
def test_a_long_line_typed_in_a_reply_is_the_next_message(
    endless_chat: Terminal, tmp_path: Path
) -> None:
    """More than the 4,095 bytes that a terminal keeps of a line while nobody reads it."""
    chat = endless_chat
    chat.type("Hello\n")
    chat.wait_for("tutor> ")
    time.sleep(0.5)
    typing = threading.Thread(target=chat.type_slowly, args=(b"x" * 9000 + b"END\n",))
    typing.start()
    time.sleep(0.5)
    os.kill(chat.pid, signal.SIGINT)  # unlike the key, it empties no buffer
    typing.join(timeout=60)
    chat.wait_for("tutor> ", 2)
    chat.wait_for_words()  # a message without an answer is taken back
    os.kill(chat.pid, signal.SIGINT)
    chat.wait_for(" ...", 2)
    written = tmp_path / "chat.json"
    chat.type(f"/export json {written}\n")
    chat.wait_for("written:")
    turns = json.loads(written.read_text("utf-8"))["turns"]
    said = [turn["text"] for turn in turns if turn["role"] == "user"]
    assert said == ["Hello", "x" * 9000 + "END"]
    chat.type("/quit\n")
    assert chat.exit_code() == 0


@needs_pty
def test_a_paste_of_100_kb_in_a_reply_arrives_whole(endless_chat: Terminal) -> None:
    """Of many lines, as one message; /system shows what it got."""
    chat = endless_chat
    chat.type("Hello\n")
    chat.wait_for("tutor> ")
    lines = [f"line {n:05}" for n in range(9100)]
    chat.type_slowly(b"/system \x1b[200~" + "\n".join(lines).encode() + b"\x1b[201~\r")
    assert "line 0" not in chat.screen  # nothing of it shows while the reply runs
    chat.type("\x03")
    chat.wait_for(" ...")
    chat.wait_for(PROMPT, 3)
    shown = chat.screen.rpartition("line 00000")[2]
    assert re.findall(r"line \d{5}", shown) == lines[1:]
    chat.type("/quit\n")
    assert chat.exit_code() == 0
