"""Every command, in a script that talks with the bundled tutor."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from llmq import bundled
from llmq.chat.desk import Desk
from llmq.chat.notebook import Notebook
from llmq.chat.speaking import ModelSpeaker
from llmq.chat.store import Store
from llmq.chat.terminal.commands import COMMANDS, completions, find, remark_on
from llmq.chat.terminal.plain import Piped
from llmq.chat.terminal.showing import Screen
from llmq.chat.terminal.talk import Talk
from llmq.runtime import open_model
from llmq.tutor.course import built_in_course
from llmq.tutor.profile import profile_named
from tests.chat.store.stored import begun
from tests.conftest import run

Say = Callable[..., tuple[str, str]]


@dataclass(frozen=True)
class Row:
    """What is typed, the last line of it the command in question, and words of what is said."""

    typed: tuple[str, ...]
    words: tuple[str, ...]
    never: tuple[str, ...] = ()


OPEN = "/problem 3x+5=20"
ROWS = (
    Row(("/help",), ("/problem [TEXT]", "/quit", "end the chat")),
    Row(("/help export",), ("write the chat to a file",), ("/quit",)),
    Row((OPEN,), ("tutor> 3x+5=20",)),
    Row(("/problem",), ("tutor> ",)),
    Row(("/problem none",), ("no problem is open now",)),
    Row((OPEN, "/hint"), ("3x+5=20",)),
    Row(("/hint",), ("no problem is open; /problem opens one",)),
    Row((OPEN, "/check x = 5"), ("Yes, that is the answer",)),
    Row((OPEN, "/check x = 6"), ("No, that is not it",)),
    Row(("/check 15",), ("no problem is open; /problem opens one",), ("tutor>",)),
    Row(("/check",), ("/check TEXT: say whether an answer or a step is right",)),
    Row((OPEN, "/explain what is an equation?"), ("tutor> ",), ("x = 5", "is 5")),
    Row((OPEN, "4", "/retry"), ("tutor> 3x+5=20",)),
    Row(("/review",), ("no review is due",)),
    Row(("/progress",), ("mastery", "linear equations")),
    Row(("/problem", "/why"), ("should go right",)),
    Row(("/why",), ("no problem of the course is open",)),
    Row(("Hello", "/regen"), ("tutor> ",)),
    Row(("/regen",), ("nothing has been said yet",)),
    Row(("Hello", "/edit Bye", "/export json out.json"), ("written: out.json",)),
    Row(("Hello", "/edit"), ("/edit TEXT says your last message anew",)),
    Row(("/edit",), ("nothing has been said yet",)),
    Row(("/think",), ("no thoughts came",)),
    Row(("Hello", "/new", "/regen"), ("a new chat", "nothing has been said yet")),
    Row(("Hello", "/reset", "/regen"), ("begins anew", "nothing has been said yet")),
    Row(("/compact",), ("nothing to make shorter",)),
    Row(("/save fractions", "Hello", "/new", "/resume fractions"), ("is called fractions",)),
    Row(("/resume nobody",), ("no session 'nobody' is kept",)),
    Row(("Hello", "/export md"), ("written: lesson.md",)),
    Row(("Hello", "/export html", "/export html"), ("lesson.html: exists already",)),
    Row(("Hello", "/export pdf"), ("there is no form 'pdf'; there are md, json, html",)),
    Row(("Hello", "/export md none/out.md"), ("none/out.md: ", "name another file")),
    Row(("Hello", "/copy"), ("there is no clipboard here",)),
    Row(("/copy",), ("has not said anything yet",)),
    Row(("Hello", "/private", "/save me"), ("nothing of this chat is kept",)),
    Row(("Hello", "/forget yes", "/regen"), ("deleted: this chat", "nothing has been said yet")),
    Row(("Hello", "/forget"), ("nothing is deleted; /forget yes does it",)),
    Row(("Hello", "/forget all yes"), ("deleted: every chat",)),
    Row(("/profile",), ("profile: socratic",)),
    Row(("/profile quiz",), ("profile: quiz",)),
    Row(("/profile strict",), ("strict",)),
    Row(("/system",), ("tutor",)),
    Row(("/system You are a pirate.", "/system"), ("You are a pirate.",)),
    Row(("/set",), ("temperature", "max-tokens", "wrap")),
    Row(("/set max-tokens 7", "/set max-tokens"), ("max-tokens: 7",)),
    Row(("/set temperature hot",), ("temperature is a number from 0 to 5, not 'hot'",)),
    Row(("/set wrap maybe",), ("wrap is on or off, not 'maybe'",)),
    Row(("/set temprature 1",), ("nothing called 'temprature' to set; did you mean temperature?",)),
    Row(("/model",), ("llmq-tutor.Q4_K_M.gguf",)),
    Row(("Hello", "/stats"), ("tokens a second", "first token of the last reply")),
    Row(("Hello", "/context"), ("together", "there is room for")),
    Row(("/quit", "Hello"), (), ("tutor>",)),
)


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Pipes lines into a chat whose data lie in a folder of the test."""
    model = bundled.path()
    assert model
    monkeypatch.setenv("LLMQ_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def pipe(*lines: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
        options = ("--threads", "1", "--seed", "1", "--max-tokens", "8")
        assert run("chat", str(model), *options) == 0
        said = capsys.readouterr()
        return said.out, said.err

    return pipe


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.typed))
def test_a_command(row: Row, say: Say) -> None:
    out, err = say(*row.typed)
    both = f"{out}\n{err}"
    assert [words for words in row.words if words.lower() not in both.lower()] == [], both
    after = out.rpartition(row.typed[-1])[2]
    assert [words for words in row.never if words in after + err] == [], both


NAMES = (
    "/help /new /reset /retry /resume /save /export /profile /system /model /set /stats /think "
    "/hint /check /explain /progress /review /context /compact /regen /edit /copy /forget /private "
    "/why /problem /quit"
)
COMPLETED = {
    "/help": "explain",
    "/problem": "none",
    "/resume": "mine",
    "/export": "html",
    "/forget": "all",
    "/profile": "quiz",
    "/set": "wrap",
}
FREE_TEXT = {"/check", "/explain", "/edit", "/save", "/system"}  # nothing to complete


def test_every_command_has_a_row_and_a_help_line() -> None:
    assert set(COMMANDS) == set(NAMES.split())
    commands = [found[0] for row in ROWS for line in row.typed if (found := find(line))]
    assert {command.name for command in commands} == set(COMMANDS)
    assert all(command.help for command in COMMANDS.values())


def test_every_command_completes_and_so_does_what_may_follow_it(tmp_path: Path) -> None:
    model = bundled.path()
    assert model
    with (
        Store.open(tmp_path) as store,
        open_model(model, n_ctx=512, threads=1) as opened,
    ):
        begun(store, "mine")
        notebook = Notebook(store, "bundled", "socratic", built_in_course())
        desk = Desk(ModelSpeaker(opened), profile_named("socratic"), notebook)
        talk = Talk(desk, Screen(), Piped())
        for name, command in COMMANDS.items():
            assert name in [word for word, _ in completions(talk, name[:3])]
            words = [word for word, _ in completions(talk, f"{name} ")]
            assert bool(words) == (name in COMPLETED), name
            assert bool(command.words) == (name in COMPLETED or name in FREE_TEXT), name
            if words:
                begin = COMPLETED[name][:2]
                assert COMPLETED[name] in [word for word, _ in completions(talk, f"{name} {begin}")]


def test_what_is_typed_completes() -> None:
    """The names, and what may follow them."""
    talk = Talk(None, Screen(), Piped())  # type: ignore[arg-type]  # these ask no lesson

    def words(text: str) -> list[str]:
        return [word for word, meaning in completions(talk, text)]

    assert words("/re") == ["/retry", "/review", "/regen", "/reset", "/resume"]
    assert words("/export ") == ["md", "json", "html"]
    assert words("/forget a") == ["all"]
    assert words("/help ex") == ["explain", "export"]
    assert words("/profile s") == ["socratic"]
    assert words("/problem n") == ["none"]
    assert words("hello /re") == words("/re\n/re") == []


@pytest.mark.parametrize(
    "text", ["/2 is a half?", "/", "/quit smoking is hard", "//help", " /help"]
)
def test_only_a_known_word_is_a_command(text: str) -> None:
    assert find(text) is None


def test_a_message_that_looks_like_a_command_is_remarked_on() -> None:
    assert remark_on("/hlp") == "/hlp is no command and goes to the tutor; did you mean /help?"
    assert remark_on("/home/me/notes") == remark_on("a /help") == ""


def test_a_golden_script(say: Say, golden: Callable[[str, str], None]) -> None:
    """Standard output is the conversation alone, as it is typed and said; no line is wrapped."""
    out, _err = say(OPEN, "idk", "/help", "4", "/hint", "2 lines \\", "of text", "x = 5", "/quit")
    golden("chat-piped", out)
    assert "\x1b" not in out
