"""The chat on a terminal, or, where input is piped, a scripted conversation.

Text of the model is written as it is, after sanitizing: never through a library that gives meaning to
brackets or colours. The conversation goes to standard output, remarks of the program to standard error.
"""

import difflib
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from io import TextIOWrapper

from llmq.chat.conversation import Chat
from llmq.chat.sanitize import sanitized
from llmq.errors import ModelError

STUDENT, TUTOR = "you> ", "tutor> "
COMMANDS = {
    "/help": "show this list",
    "/quit": "end the chat; Ctrl-D does it too",
}


def converse(chat: Chat) -> None:
    """Talk until the student leaves or the input ends."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(
            stream, TextIOWrapper
        ):  # a character that a terminal lacks is no reason to stop
            stream.reconfigure(errors="replace")
    interactive = sys.stdin.isatty()
    if interactive:
        _remark(f"{chat.model.path.name}: Ctrl-C stops a reply, /help shows the commands")
    for text in _typed_lines() if interactive else _piped_lines():
        if text.startswith("/"):
            if text == "/quit":
                return
            _remark(_about_commands(text))
        elif text:
            _answer(chat, text, interactive=interactive)


def _answer(chat: Chat, text: str, *, interactive: bool) -> None:
    """Print the reply as it comes; Ctrl-C ends the reply, and without a terminal the program."""
    print(TUTOR, end="", flush=True)
    try:
        with closing(chat.reply(text)) as reply:
            for part in reply:
                print(part, end="", flush=True)
    except KeyboardInterrupt:
        if not interactive:
            raise
        print(" ...")
        return
    except ModelError as error:
        print()
        if not interactive:
            raise
        _remark(str(error))
        return
    print()
    if chat.was_cut:
        _remark("the reply was cut short at its limit of tokens (--max-tokens, --ctx)")


def _typed_lines() -> Iterator[str]:
    """Lines from the keyboard until Ctrl-D; Ctrl-C throws the present line away."""
    with suppress(ImportError):  # editing and history; absent on Windows
        import readline  # noqa: F401  # it changes input() by being imported
    while True:
        try:
            yield input(STUDENT).strip()
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
            _remark("/quit or Ctrl-D ends the chat")


def _piped_lines() -> Iterator[str]:
    """Lines of a script, shown as if they had been typed, so that the transcript reads well."""
    for line in sys.stdin:
        text = sanitized(line).strip()
        if text:
            print(f"{STUDENT}{text}", flush=True)
        yield text


def _about_commands(text: str) -> str:
    """The list of commands, or which one may have been meant."""
    if text == "/help":
        return "\n".join(f"{name}  {what}" for name, what in COMMANDS.items())
    close = difflib.get_close_matches(text, COMMANDS, n=1)
    meant = f"did you mean {close[0]}?" if close else "/help shows those there are"
    return f"there is no command {sanitized(text)}; {meant}"


def _remark(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
