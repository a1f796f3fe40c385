"""What of a chat on a terminal lies in files and on the clipboard, and the editor it opens."""

import base64
import importlib.util
import json
import os
import re
import shlex
import stat
import sys
from pathlib import Path

import pytest

from llmq.chat.store import Store
from tests.chat.store.stored import begun, files_of

if importlib.util.find_spec("pty") is None:
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.chat.terminal.driven import PROMPT, Chat, Driven

SECRET = "aardvark"
WIDE = "a\u0308 漢字 👩‍👩‍👧 שלום\n\n    2/3 + 'x' \"y\" \\\\z\nthe end"


def editor(folder: Path, script: str) -> dict[str, str]:
    """The environment in which a chat's editor does this with the file `name`."""
    file = folder / "editor.py"
    file.write_text(f"import sys, pathlib\nname = pathlib.Path(sys.argv[1])\n{script}\n", "utf-8")
    command = shlex.join([sys.executable, str(file)])
    return {"VISUAL": command, "EDITOR": command}


def typed(driven: Driven, text: str) -> None:
    """Type at the prompt that is there, and wait for nothing."""
    driven.write(text.encode() + b"\r")


def wait_for_prompt_behind(driven: Driven, mark: bytes, n: int) -> None:
    """Read until a prompt has followed the nth `mark`: an editor comes between two of its own."""
    driven.wait_for(mark, n)
    while PROMPT not in mark.join(driven.raw.split(mark)[n:]):
        driven.wait_for(PROMPT, driven.raw.count(PROMPT) + 1)


def test_no_one_else_can_read_a_file_of_the_chat_at_any_umask(chat: Chat, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        driven = chat()
        driven.talk(["Hello", "/problem 3x+5=20", f"/export md {tmp_path / 'data' / 'out.md'}"])
        assert driven.end() == 0
    finally:
        os.umask(before)
    paths = [*(tmp_path / "data").rglob("*")]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert set(modes) >= {"history", "chats.sqlite3", "out.md"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize("words", ["yes", "all yes"])
def test_what_is_forgotten_is_in_no_file(words: str, chat: Chat, tmp_path: Path) -> None:
    """Also what was typed before the chat was gone on with; of another chat it stays."""
    first = chat("--session", "mine")
    first.talk([f"I like the {SECRET}", f"/explain what is a {SECRET}?"])
    assert first.end() == 0
    other = chat("--session", "other")
    other.talk(["I like zebras"])
    assert other.end() == 0
    assert files_of(tmp_path / "data").count(SECRET.encode()) >= 4
    again = chat("--session", "mine")
    again.talk([f"once more: {SECRET}", f"/forget {words}"])
    assert again.end() == 0
    assert "deleted: " in again.text()
    left = files_of(tmp_path / "data")
    assert SECRET.encode() not in left
    assert (b"I like zebras" in left) == (words == "yes")


def test_the_clipboard_gets_the_reply_to_the_letter(chat: Chat, tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        session = begun(store, "mine")
        store.add_turn(session, "user", "Hello")
        store.add_turn(session, "assistant", WIDE)
    driven = chat("--session", "mine")
    driven.talk(["/copy"])
    sent = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", driven.raw)
    assert [base64.b64decode(data).decode() for data in sent] == [WIDE]
    assert driven.end() == 0


def test_a_message_is_worded_anew_in_the_editor(chat: Chat, tmp_path: Path) -> None:
    script = "assert name.read_text('utf-8') == 'Hello'\nname.write_text('Bye\\nnow ä\\n', 'utf-8')"
    driven = chat(**editor(tmp_path, script))
    written = tmp_path / "chat.json"
    driven.talk(["Hello"])
    typed(driven, "/edit")
    wait_for_prompt_behind(driven, b"tutor> ", 2)
    driven.talk([f"/export json {written}"])
    assert driven.end() == 0
    turns = json.loads(written.read_text("utf-8"))["turns"]
    assert [turn["text"] for turn in turns if turn["role"] == "user"] == ["Bye\nnow ä"]


def test_an_editor_that_leaves_nothing_changes_nothing(chat: Chat, tmp_path: Path) -> None:
    driven = chat(**editor(tmp_path, "name.write_text('')"))
    written = tmp_path / "chat.md"
    driven.talk(["Hello"])
    typed(driven, "/edit")
    wait_for_prompt_behind(driven, b"as it was", 1)
    driven.talk([f"/export md {written}"])
    assert driven.end() == 0
    assert "your last message stays as it was" in driven.text()
    assert "Hello" in written.read_text("utf-8")


@pytest.mark.parametrize("script", ["sys.exit(3)", "pass"])
def test_an_editor_that_fails_sends_nothing(script: str, chat: Chat, tmp_path: Path) -> None:
    """The message stands at the prompt, where it is typed on."""
    driven = chat(**editor(tmp_path, f"print('edited')\n{script}"))
    driven.talk(["Hello"])
    before = driven.raw.count(PROMPT)
    typed(driven, "/edit")
    driven.wait_for(b"edited")
    driven.wait_for(PROMPT, before + 2)  # before the editor, and behind it
    assert driven.raw.count(b"tutor> ") == 1
    typed(driven, " there")
    written = tmp_path / "chat.md"
    wait_for_prompt_behind(driven, b"tutor> ", 2)
    driven.talk([f"/export md {written}"])
    assert "Hello there" in written.read_text("utf-8")
    assert driven.end() == 0
