"""Reading without a terminal's tricks: the lines of a script, or a keyboard line by line."""

import select
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress

from llmq.chat.sanitize import sanitized
from llmq.chat.terminal.keyboard import CtrlC, typing_kept
from llmq.chat.terminal.showing import STUDENT

CONTINUED = "\\"  # at a line's end: the message goes on in the next line

PASTE_SECONDS = 0.03  # within which the next line of a paste has come; nobody types that fast
UNASKED = ("enable-bracketed-paste", "enable-meta-key")  # control sequences that readline writes


def gathered(line: Callable[[str], str | None]) -> str | None:
    """A message: a line, and those after it as long as one ends with a backslash.

    `line` gets what stands in front of it. None where the first has come to an end.
    """
    lines, before = [], STUDENT
    while (text := line(before)) is not None:
        lines.append(text)
        if not text.endswith(CONTINUED):
            break
        lines[-1], before = text[: -len(CONTINUED)].rstrip(), " " * len(STUDENT)
    return "\n".join(lines).strip() if lines else None


class Piped:
    """The lines of a script, shown as if they had been typed, so that the transcript reads well."""

    is_person = False
    has_clipboard = False

    def read(self) -> str | None:
        """The next message."""
        text = gathered(self._line)
        if text:
            print(f"{STUDENT}{text}", flush=True)
        return text

    @staticmethod
    def _line(_before: str) -> str | None:
        line = sys.stdin.readline()
        return sanitized(line).strip() if line else None

    def ask(self, question: str) -> str:
        """Nobody can answer."""
        del question
        return ""

    def edit(self, text: str) -> str | None:
        """There is no editor here."""
        del text
        return None

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """What is typed is the script."""
        with nullcontext():
            yield

    def forget(self) -> None:
        """There is no history."""

    def keep_nothing(self, said: Collection[str]) -> None:
        """There is no history."""
        del said


def _is_pasted() -> bool:
    """Whether more lines wait; never on Windows, whose select knows sockets alone."""
    try:
        return bool(select.select([sys.stdin], [], [], PASTE_SECONDS)[0])
    except (OSError, ValueError):
        return False


class Typed(Piped):
    """A keyboard, line by line, without colours and cursor tricks: for who has the screen read.

    Lines that wait when one has been read are a paste's, and one message with it: to be told of a
    paste takes a control sequence.
    """

    is_person = True

    def __init__(self, ctrl_c: CtrlC) -> None:
        self._ctrl_c = ctrl_c
        with suppress(ImportError):  # editing and history; absent on Windows
            import readline  # input() is another by this

            for name in UNASKED:
                readline.parse_and_bind(f"set {name} off")

    def read(self) -> str | None:
        """The next message; None at Ctrl-D."""
        try:
            with self._ctrl_c.awaited():
                text = gathered(self._typed_line)
                while text is not None and _is_pasted():
                    text = f"{text}\n{self._typed_line('') or ''}"
                return text and text.strip()
        except KeyboardInterrupt:
            print()
            raise

    @staticmethod
    def _typed_line(before: str) -> str | None:
        try:
            return sanitized(input(before)).strip()
        except EOFError:
            print()
            return None
        except SystemError as error:
            # Of two Ctrl-C at once, input() handles the second while the first is on its way out.
            if not isinstance(error.__cause__, KeyboardInterrupt):
                raise
            raise KeyboardInterrupt from None

    def ask(self, question: str) -> str:
        """The answer in a line."""
        with suppress(KeyboardInterrupt), self._ctrl_c.awaited():
            return self._typed_line(question) or ""
        print()
        return ""

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Ctrl-C raises; the terminal keeps what is typed."""
        with typing_kept(), self._ctrl_c.awaited():
            yield
