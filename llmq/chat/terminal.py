"""The chat on a terminal, or, where input is piped, a scripted conversation.

Text of the model is written as it is, after sanitizing: never through a library that gives meaning
to brackets or colours. The conversation goes to standard output, remarks of the program to standard
error.
"""

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from itertools import groupby
from operator import attrgetter

from llmq.chat.conversation import Chat
from llmq.chat.keyboard import CtrlC, typing_kept
from llmq.chat.pieces import Kind, Piece
from llmq.chat.sanitize import sanitized
from llmq.errors import ModelError
from llmq.spelling import did_you_mean

STUDENT, TUTOR = "you> ", "tutor> "
THINKING = "thinking ..."
HELP, QUIT = "/help", "/quit"
COMMANDS = {
    HELP: "show this list",
    QUIT: "end the chat; Ctrl-D does it too",
}


def converse(chat: Chat) -> None:
    """Talk until the student leaves or the input ends; an error ends a script, but no talk."""
    if sys.stdin.isatty():
        _talk(chat)
        return
    _remark_notes(chat)
    while (text := _piped_line()) not in (None, QUIT):
        _respond(chat, text or "", nullcontext())


def _talk(chat: Chat) -> None:
    """The chat at a keyboard: neither Ctrl-C nor a message that is too long ends it."""
    with suppress(ImportError):  # editing and history; absent on Windows
        import readline  # noqa: F401  # it changes input() by being imported
    with CtrlC() as ctrl_c:
        _remark(f"{chat.model.path.name}: Ctrl-C stops a reply, {HELP} shows the commands")
        _remark_notes(chat)
        while True:
            text = None
            try:
                with ctrl_c.awaited():
                    text = _typed_line()
                if text is None or text == QUIT:
                    return
                with typing_kept():
                    _respond(chat, text, ctrl_c.awaited())
            except KeyboardInterrupt:
                print("" if text is None else " ...")
                if text is None:
                    _remark(f"{QUIT} or Ctrl-D ends the chat")
            except ModelError as error:
                print()
                _remark(str(error))


def _respond(chat: Chat, text: str, stoppable: AbstractContextManager[None]) -> None:
    """Obey a command, or print the reply as it comes; what else begins with / is a message."""
    if text == HELP:
        _remark("\n".join(f"{name}  {what}" for name, what in COMMANDS.items()))
    elif text:
        if text.startswith("/") and (hint := did_you_mean(text, COMMANDS)):
            _remark(f"{text} is no command and goes to the tutor; {hint}")
        with closing(chat.reply(text)) as reply, stoppable:
            _show(reply)  # closed at once, so that the session is up to date


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
    except SystemError as error:
        # Of two Ctrl-C at once, input() handles the second while the first is on its way out.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        raise KeyboardInterrupt from None


def _piped_line() -> str | None:
    """A line of a script, shown as if it had been typed, so that the transcript reads well."""
    line = sys.stdin.readline()
    text = sanitized(line).strip()
    if text:
        print(f"{STUDENT}{text}", flush=True)
    return text if line else None


def _remark_notes(chat: Chat) -> None:
    for note in chat.notes():
        _remark(f"note: {note}")


def _remark(text: str) -> None:
    # Sanitized, for names of files and errors of templates come from strangers too.
    print(sanitized(text), file=sys.stderr, flush=True)
