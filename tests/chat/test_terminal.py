"""`llmq chat` as its user meets it: a script through a pipe, and a terminal with Ctrl-C."""

import importlib.util
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

MODULES = "torch", "transformers"
PROMPT = "\x1b[?2004h"  # with each, the terminal is asked to tell a paste from typing


# Templates that write no system turn, or refuse it.
DEAF = (
    "{% for m in messages if m.role != 'system' %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
REFUSING = "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}" + DEAF


def run_chat(model: Path, script: str, *options: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "llmq.cli", "chat", str(model), "--threads", "1", *options]
    return subprocess.run(command, input=script.encode(), capture_output=True, check=False)


def test_a_piped_conversation_reads_like_a_transcript(tiny_gguf: dict[str, Path]) -> None:
    script = "What is 3 + 4?\n\n/help\nAnd 5?\n/quit\nnot said\n"
    done = run_chat(tiny_gguf["Q4_0"], script, "--max-tokens", "15")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    speakers = [line.split("> ")[0] for line in lines if line.startswith(("you> ", "tutor> "))]
    assert speakers == ["you", "tutor", "you", "you", "tutor", "you"]
    assert lines[0] == "you> What is 3 + 4?"
    assert re.search("^/quit +end the chat", done.stderr.decode(), re.MULTILINE)
    assert "--max-tokens" in done.stderr.decode()
    assert b"not said" not in done.stdout


@pytest.mark.parametrize(
    ("message", "remark"),
    [
        ("/2 is a half?", ""),
        ("/help me", "/help me is no command and goes to"),
        ("/", ""),
        ("/hlp", "/hlp is no command and goes to"),
    ],
)
def test_what_begins_with_a_slash_and_is_no_command_is_a_message(
    message: str, remark: str, tiny_gguf: dict[str, Path]
) -> None:
    done = run_chat(tiny_gguf["Q4_0"], f"{message}\n", "--max-tokens", "3")
    assert done.stdout.decode().startswith(f"you> {message}\ntutor> ")
    assert done.stderr.decode().startswith(remark)
    assert ("did you mean /help?" in done.stderr.decode()) == bool(remark)


@pytest.mark.parametrize(
    ("template", "system", "notes"),
    [
        (None, "Be kind.", ["plain-BF16.gguf has no chat template"]),
        (DEAF, "Be kind.", ["the chat template of deaf-BF16.gguf leaves the system text out"]),
        (DEAF, "", []),
        (REFUSING, "Be kind.", []),  # the text goes in front of the student's
    ],
)
def test_what_is_said_once_at_the_start(
    template: str | None, system: str, notes: list[str], save_gguf: Callable[..., Path]
) -> None:
    model = save_gguf("deaf" if template else "plain", "BF16", template)
    done = run_chat(model, "Hi\nHo\n", "--max-tokens", "2", "--system", system)
    found = [line for line in done.stderr.decode().splitlines() if line.startswith("note: ")]
    assert len(found) == len(notes)
    assert all(note in line for note, line in zip(notes, found, strict=True))


def test_a_chat_without_its_beginning_says_so(tiny_gguf: dict[str, Path]) -> None:
    script = "What is three plus four, please?\n" * 10
    done = run_chat(tiny_gguf["Q4_0"], script, "--max-tokens", "9", "--ctx", "400")
    assert done.returncode == 0
    assert "from the beginning are now only a short summary to me" in done.stderr.decode()


def test_no_control_byte_reaches_the_terminal(tiny_gguf: dict[str, Path]) -> None:
    script = "one\ntwo \x1b[31m\x9b\nthree\n"
    wild = ("--temperature", "5", "--seed", "11", "--max-tokens", "300")
    done = run_chat(tiny_gguf["BF16"], script, *wild)
    assert done.returncode == 0
    text = done.stdout.decode("utf-8")
    assert text.count("tutor> ") == 3
    bad = {c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160}
    assert not bad


def test_thoughts_are_one_remark_and_no_text(thinker_gguf: Path) -> None:
    """They have a budget, after which the answer comes; /think shows them."""
    done = run_chat(thinker_gguf, "/set think-budget 8\nHi\n/think\n", "--max-tokens", "20")
    assert done.stderr.decode().count("thinking ...") == 1
    reply = done.stdout.decode().split("tutor> ")[1].split("you> ")[0].strip()
    thought = done.stderr.decode().splitlines()[-1]
    assert reply
    assert thought
    assert reply not in thought
    assert thought not in reply


def test_the_same_seed_gives_the_same_chat(tiny_gguf: dict[str, Path]) -> None:
    options = ("--temperature", "1.5", "--max-tokens", "20", "--seed")
    same = {run_chat(tiny_gguf["BF16"], "Hi\n", *options, "3").stdout for _ in range(2)}
    other = run_chat(tiny_gguf["BF16"], "Hi\n", *options, "4").stdout
    assert len(same) == 1
    assert other not in same


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        ((), 1, "llmq: there is no none.gguf; name a GGUF file"),
        (("--temperature", "-1"), 2, "not a number from 0 to 5"),
        (("--temperature", "hot"), 2, "not a number from 0 to 5"),
        (("--max-tokens", "0"), 2, "not a whole number from 1"),
    ],
)
def test_wrong_input(options: tuple[str, ...], code: int, complaint: str) -> None:
    done = run_chat(Path("none.gguf"), "Hi\n", *options)
    assert done.returncode == code
    assert complaint in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_chat_loads_neither_torch_nor_transformers(tiny_gguf: dict[str, Path]) -> None:
    chat = ["-X", "importtime", "-m", "llmq.cli", "chat", str(tiny_gguf["Q4_0"]), "--max-tokens=3"]
    done = subprocess.run(
        [sys.executable, *chat], input=b"Hi\n", capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0
    names = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "llmq.runtime" in names
    assert not {name for name in names if name.split(".")[0] in MODULES}


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
