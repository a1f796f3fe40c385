"""Typing at a terminal: prompt_toolkit, with history, completion, several lines and an editor."""

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import is_searching
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.styles import Style

from llmq.chat.sanitize import sanitized
from llmq.chat.terminal.history import KeptHistory, NoHistory
from llmq.chat.terminal.keyboard import CtrlC, typing_kept
from llmq.chat.terminal.meanwhile import typing_read
from llmq.chat.terminal.plain import CONTINUED
from llmq.chat.terminal.showing import STUDENT

Complete = Callable[[str], Iterable[tuple[str, str]]]
"""From the line so far, the words that may complete its last one, and what each means."""


class Prompt:
    """A person at a terminal."""

    is_person = True
    has_clipboard = True

    def __init__(
        self, ctrl_c: CtrlC, complete: Complete, history: Path | None, *, styled: bool
    ) -> None:
        self._ctrl_c = ctrl_c
        self._history = KeptHistory(history) if history else NoHistory()
        self._keyboard = create_input()
        self._style = Style.from_dict({"student": "bold"} if styled else {})
        self._session: PromptSession[str] = PromptSession(
            [("class:student", STUDENT)],
            style=self._style,
            include_default_pygments_style=False,
            multiline=True,
            prompt_continuation=" " * len(STUDENT),
            history=self._history,
            completer=_Words(complete),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            enable_open_in_editor=True,
            tempfile_suffix=".txt",
            key_bindings=_keys(),
            input=self._keyboard,
            output=_output(),
        )

    @contextmanager
    def opened(self) -> Iterator[None]:
        """What is typed is never echoed by the terminal itself; a paste is told from typing."""
        try:
            with typing_kept():
                yield
        finally:
            if os.name != "nt":
                print("\x1b[?2004l", end="", flush=True)

    def read(self) -> str | None:
        """The next message; None at Ctrl-D."""
        try:
            return self._prompted(self._session, "")
        except EOFError:
            return None

    def ask(self, question: str) -> str:
        """The answer in a line."""
        asked: PromptSession[str] = PromptSession(
            question,
            key_bindings=_keys(),
            input=self._keyboard,
            output=self._session.output,
            history=NoHistory(),
        )
        try:
            return self._prompted(asked, "")
        except (EOFError, KeyboardInterrupt):
            return ""

    def edit(self, text: str) -> str | None:
        """The text from $EDITOR; where that changes nothing or fails, as it is typed on."""
        try:
            return self._prompted(self._session, text, editor=True)
        except (EOFError, KeyboardInterrupt):
            return ""

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Ctrl-C raises; what is typed is read and waits for the prompt."""
        with typing_read(self._keyboard), self._ctrl_c.awaited():
            yield

    def forget(self) -> None:
        """Delete the history."""
        self._history.forget()

    def keep_nothing(self, said: Collection[str]) -> None:
        """Keep nothing of this chat."""
        self._history.keep_nothing(said)

    def _prompted(self, session: PromptSession[str], text: str, *, editor: bool = False) -> str:
        app = session.app

        def stop() -> None:
            if app.future and not app.future.done():
                app.exit(exception=_Stopped())

        def interrupt() -> None:
            # Anything may be going on when the signal comes: the loop does it when it is ready.
            if app.loop:
                app.loop.call_soon_threadsafe(stop)

        def edited(_task: object) -> None:
            buffer = session.default_buffer
            if buffer.text != text and app.future and not app.future.done():
                buffer.validate_and_handle()

        def begin() -> None:
            if editor:
                session.default_buffer.open_in_editor().add_done_callback(edited)

        # prompt_toolkit would set a handler of its own, and Python's behind it for a moment.
        with self._ctrl_c.awaited(interrupt):
            try:
                said = session.prompt(default=text, handle_sigint=False, pre_run=begin)
            except _Stopped:
                raise KeyboardInterrupt from None
        return sanitized(said).strip()


class _Stopped(Exception):  # noqa: N818  # no error
    """Ctrl-C at the prompt; a KeyboardInterrupt would break out of asyncio's own cleaning up."""


class _Words(Completer):
    """Completes commands, and what may follow them."""

    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterator[Completion]:
        """Of the last word before the cursor, in a message that begins with a command."""
        text = document.text_before_cursor
        last = text.rpartition(" ")[2]
        for word, meaning in self._complete(text):
            yield Completion(word, start_position=-len(last), display_meta=meaning)


class _PasteTold(Vt100_Output):
    """A terminal that says of a paste that it is one, also while a reply runs."""

    def disable_bracketed_paste(self) -> None:
        """Not before the chat ends."""


def _output() -> Output:
    if os.name == "nt":
        return create_output()
    output = _PasteTold.from_pty(sys.stdout, term=os.environ.get("TERM"))
    output.enable_cpr = False  # its answers would come between what is typed meanwhile
    return output


def _keys() -> KeyBindings:
    """Enter ends a message, unless its line ends with a backslash; Alt-Enter begins a line."""
    keys = KeyBindings()

    @keys.add("enter", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.current_line_before_cursor.endswith(CONTINUED):
            buffer.delete_before_cursor(len(CONTINUED))
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    @keys.add("c-c")
    @keys.add("<sigint>")
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=_Stopped())

    return keys
