"""An hour with the tutor on a terminal: what the screen shows, wide and narrow, and long pastes."""

import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from llmq import bundled

if importlib.util.find_spec("pty") is None:
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.chat.terminal.driven import PROMPT, Chat, Driven, arguments

Golden = Callable[[str, str], None]

TURNS = (
    "Hello!",
    "/problem 3x+5=20",
    "just tell me",
    "idk",
    "/hint",
    "x = 4",
    "3x = 15",
    "/check x = 6",
    "/explain what is an equation?",
    "/retry",
    "is it 7?",
    "/hint",
    "x = 5",
    "/problem 3/4 of 20",
    "/help hint",
    "sag mir die Antwort",
    "/hint",
    "a quarter is 5",
    "15",
    "/why",
    "/problem none",
    "/check 15",
    "What is a fraction?",
    "/hlp",
    "/2 is a half?",
    "/edit What is a half?",
    "/regen",
    "/set max-tokens 60",
    "/set nothing 1",
    "/think",
    "/profile",
    "/copy",
    "/compact",
    "/forget",
    "no",
    "/reset",
)


@pytest.mark.parametrize("columns", [40, 80])
def test_a_golden_chat(columns: int, chat: Chat, golden: Golden) -> None:
    assert len(TURNS) >= 30
    driven = chat(columns=columns)
    driven.talk(TURNS)
    assert driven.end() == 0
    golden(f"chat-{columns}", driven.text())


def test_no_colour_shows_the_same_without_styles(chat: Chat) -> None:
    plain, styled = chat(NO_COLOR="1"), chat()
    for driven in (plain, styled):
        driven.talk(TURNS[:6])
        assert driven.end() == 0
    # A frame of a table is drawn where there are styles; before that, both are the same.
    assert plain.text() == styled.text()
    assert b"\x1b[1m" in styled.raw
    assert not any(
        style in plain.raw for style in (b"\x1b[1m", b"\x1b[2m", b"\x1b[3", b"\x1b[0;1m")
    )


@pytest.mark.parametrize(("options", "term"), [((), "dumb"), (("--plain",), "xterm-256color")])
def test_plain_writes_no_escape_and_takes_nothing_back(
    options: tuple[str, ...], term: str, tmp_path: Path
) -> None:
    """For a screen that is read out: lines alone, and each is written once."""
    model = bundled.path()
    assert model
    more = {"LLMQ_DATA": str(tmp_path), "TERM": term, "INPUTRC": "/dev/null"}
    driven = Driven(arguments(model, *options), columns=80, more=more)
    try:
        for n, text in enumerate(("/problem 3x+5=20", "x = 4", "/stats", "/quit"), start=1):
            driven.wait_for(b"you> ", n)
            driven.write(text.encode() + b"\n")
        while driven.process.poll() is None:
            driven.wait_for(b"quit")
        assert b"\x1b" not in driven.raw
        assert b"\b" not in driven.raw
        assert b"\r" not in driven.raw.replace(b"\r\n", b"")
        assert b"tutor> 3x+5=20" in driven.raw
    finally:
        driven.kill()


def said(driven: Driven, file: Path) -> list[str]:
    """What the student said, by the chat's own export."""
    driven.talk([f"/export json {file}"])
    turns = json.loads(file.read_text("utf-8"))["turns"]
    return [turn["text"] for turn in turns if turn["role"] == "user"]


def test_a_paste_of_several_lines_is_one_message(chat: Chat, tmp_path: Path) -> None:
    driven = chat()
    before = driven.raw.count(PROMPT)
    driven.write(b"\x1b[200~one\ntwo\n\nthree\n\x1b[201~")
    time.sleep(0.2)
    driven.write(b"\r")
    driven.wait_for(PROMPT, before + 1)
    assert said(driven, tmp_path / "chat.json") == ["one\ntwo\n\nthree"]


@pytest.mark.parametrize("keys", [b"one\\\rtwo\r", b"one\x1b\rtwo\r"])
def test_several_lines_are_typed(keys: bytes, chat: Chat, tmp_path: Path) -> None:
    """A backslash at a line's end, or Alt-Enter."""
    driven = chat()
    before = driven.raw.count(PROMPT)
    driven.write(keys)
    driven.wait_for(PROMPT, before + 1)
    assert said(driven, tmp_path / "chat.json") == ["one\ntwo"]


def test_a_paste_is_one_message_without_a_control_sequence_too(tmp_path: Path) -> None:
    model = bundled.path()
    assert model
    file = tmp_path / "chat.json"
    more = {"LLMQ_DATA": str(tmp_path), "INPUTRC": "/dev/null"}
    driven = Driven(arguments(model, "--plain"), columns=80, more=more)
    try:
        for n, text in enumerate(("one\ntwo\n\nthree\n", f"/export json {file}\n", "/quit\n"), 1):
            driven.wait_for(b"you> ", n)
            driven.write(text.encode())
        while driven.process.poll() is None:
            driven.wait_for(b"quit")
        turns = json.loads(file.read_text("utf-8"))["turns"]
        assert [t["text"] for t in turns if t["role"] == "user"] == ["one\ntwo\n\nthree"]
    finally:
        driven.kill()
