"""Commands about what is kept of a chat, and where it goes."""

import base64
import os
from pathlib import Path

from llmq.chat.terminal.commands.command import Command
from llmq.chat.terminal.talk import Talk
from llmq.errors import OutputError

FORMS = {"md": "Markdown", "json": "data for programs", "html": "a page for a browser"}
FILE_NAME = "lesson"
EVERYTHING, SURE = "all", "yes"
MOST_COPIED = 74_000  # bytes; xterm's limit of an OSC 52 in base64 is 99,999
SHOWN_AGAIN = 2  # turns, when a chat is gone on with


def _resume(talk: Talk, words: str) -> None:
    talk.lesson.resume(words or None)
    for turn in talk.lesson.transcript[-SHOWN_AGAIN:]:
        talk.screen.said(turn.role, turn.shown)


def _sessions(talk: Talk) -> dict[str, str]:
    return {row[0]: " ".join(row[1:]) for row in talk.lesson.sessions()[1:]}


def _save(talk: Talk, words: str) -> None:
    talk.lesson.save(words)
    talk.screen.remark(f"this chat is called {words}; llmq chat --session goes on with it")


def _export(talk: Talk, words: str) -> None:
    form, _, name = words.partition(" ")
    if form not in FORMS:
        talk.screen.remark(f"there is no form {form!r}; there are {', '.join(FORMS)}")
        return
    path = Path(name.strip() or f"{FILE_NAME}.{form}").expanduser()
    _write_new(path, talk.lesson.export(form))
    talk.screen.remark(f"written: {path}")


def _write_new(path: Path, text: str) -> None:
    """A file that only its owner can read, as a chat is private."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OutputError(f"{path}: exists already; name another file behind the form") from None
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; name another file behind the form") from None
    with os.fdopen(file, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def _copy(talk: Talk, _words: str) -> None:
    data = talk.last("assistant").encode()
    if not data:
        talk.screen.remark("the tutor has not said anything yet")
    elif not talk.reader.has_clipboard:
        talk.screen.remark("there is no clipboard here; /export md writes the chat to a file")
    elif len(data) > MOST_COPIED:
        talk.screen.remark("that is too long for the clipboard; /export md writes it to a file")
    else:
        print(f"\x1b]52;c;{base64.b64encode(data).decode()}\x07", end="", flush=True)
        talk.screen.remark(
            "the last reply is on the clipboard, if your terminal allows it (OSC 52)"
        )


def _forget(talk: Talk, words: str) -> None:
    asked = set(words.split())
    what = "every chat, and what you master" if EVERYTHING in asked else "this chat"
    question = f"Delete {what} for good? Type {SURE}: "
    if SURE not in asked and talk.reader.ask(question).strip().lower() != SURE:
        command = f"/forget {EVERYTHING} {SURE}" if EVERYTHING in asked else f"/forget {SURE}"
        talk.screen.remark(f"nothing is deleted; {command} does it without asking")
        return
    said = _said(talk)
    talk.lesson.forget(everything=EVERYTHING in asked)
    if EVERYTHING in asked:
        talk.reader.forget()
    else:
        talk.reader.keep_nothing(said)
    talk.screen.remark(f"deleted: {what}")


def _said(talk: Talk) -> set[str]:
    return {turn.shown for turn in talk.lesson.transcript}


def _private(talk: Talk, _words: str) -> None:
    talk.lesson.go_private()
    talk.reader.keep_nothing(_said(talk))
    talk.screen.remark("private: nothing of this chat is kept, and what was kept of it is deleted")


COMMANDS = (
    Command(
        "/resume",
        "[NAME]",
        "go on with an earlier chat, the latest without a name",
        _resume,
        _sessions,
    ),
    Command("/save", "NAME", "give this chat a name, to go on with it later", _save),
    Command(
        "/export", "md|json|html [FILE]", "write the chat to a file", _export, lambda _talk: FORMS
    ),
    Command("/copy", "", "put the last reply on the clipboard", _copy),
    Command("/private", "", "keep nothing of this chat", _private),
    Command(
        "/forget",
        "[all] [yes]",
        "delete what is kept of this chat; all: of every chat",
        _forget,
        lambda _talk: {EVERYTHING: "every chat, and what you master", SURE: "without asking"},
        lambda words: set(words.split()) <= {EVERYTHING, SURE},
    ),
)
