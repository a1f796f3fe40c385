"""The chat on a terminal, or, where input is piped, a scripted conversation.

Text of the model is written as it is, after sanitizing: never through a library that gives meaning
to brackets or colours. The conversation goes to standard output, remarks of the program to standard
error.
"""

import sys
from collections.abc import Iterable
from contextlib import closing, suppress
from itertools import groupby
from operator import attrgetter

from llmq.chat.conversation import Chat
from llmq.chat.pieces import Kind, Piece
from llmq.chat.sanitize import sanitized
from llmq.errors import ModelError
from llmq.spelling import did_you_mean

STUDENT, TUTOR = "you> ", "tutor> "
THINKING = "thinking ..."
COMMANDS = {
    "/help": "show this list",
    "/quit": "end the chat; Ctrl-D does it too",
}


def converse(chat: Chat) -> None:
    """Talk until the student leaves or the input ends."""
    interactive = sys.stdin.isatty()
    if interactive:
        with suppress(ImportError):  # editing and history; absent on Windows
            import readline  # noqa: F401  # it changes input() by being imported
        _remark(f"{chat.model.path.name}: Ctrl-C stops a reply, /help shows the commands")
    while True:
        text = None
        try:
            text = _typed_line() if interactive else _piped_line()
            if text is None or text == "/quit":
                return
            _respond(chat, text)
        except KeyboardInterrupt:
            if not interactive:
                raise
            print("" if text is None else " ...")
            if text is None:
                _remark("/quit or Ctrl-D ends the chat")
        except ModelError as error:
            if not interactive:
                raise
            print()
            _remark(str(error))


def _respond(chat: Chat, text: str) -> None:
    """Obey a command, or print the reply as it comes."""
    if text.startswith("/"):
        _remark(_about_commands(text))
    elif text:
        with closing(chat.reply(text)) as reply:  # at once, so that the session is up to date
            _show(reply)


def _show(reply: Iterable[Piece]) -> None:
    """Print speech as it comes, a remark in place of thoughts, and the program's remarks below."""
    print(TUTOR, end="", flush=True)
    remarks: list[str] = []
    for kind, pieces in groupby(reply, key=attrgetter("kind")):
        if kind is Kind.THOUGHT:
            after = " " if sys.stdout.isatty() else "\n"  # there the speech follows in its line
            print(THINKING, end=after, file=sys.stderr, flush=True)  # once, however many there are
        elif kind is Kind.REMARK:
            remarks.extend(piece.text for piece in pieces)
        else:
            for piece in pieces:
                print(piece.text, end="", flush=True)
    print()
    for remark in remarks:
        _remark(remark)


def _typed_line() -> str | None:
    """A line from the keyboard; None at Ctrl-D."""
    try:
        return input(STUDENT).strip()
    except EOFError:
        print()
        return None


def _piped_line() -> str | None:
    """A line of a script, shown as if it had been typed, so that the transcript reads well."""
    line = sys.stdin.readline()
    text = sanitized(line).strip()
    if text:
        print(f"{STUDENT}{text}", flush=True)
    return text if line else None


def _about_commands(text: str) -> str:
    """The list of commands, or which one may have been meant."""
    if text == "/help":
        return "\n".join(f"{name}  {what}" for name, what in COMMANDS.items())
    hint = did_you_mean(text, COMMANDS, otherwise="/help shows those there are")
    return f"there is no command {text}; {hint}"


def _remark(text: str) -> None:
    # Sanitized, for names of files and errors of templates come from strangers too.
    print(sanitized(text), file=sys.stderr, flush=True)
