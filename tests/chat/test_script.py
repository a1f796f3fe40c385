"""`llmq chat` as a script meets it, through a pipe."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MODULES = "torch", "transformers"


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
