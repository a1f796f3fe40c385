"""The keyboard of a chat: Ctrl-C counts where it is awaited, and nothing that is typed is lost."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self


class CtrlC:
    """In a `with`, Ctrl-C does once what is said each time that it is awaited, else nothing.

    As Python has it, the second of two quick ones would hit what answers the first, and end the
    program. A Ctrl-C that somebody else handles already, or that is ignored, stays as it is.
    """

    def __init__(self) -> None:
        self._action: Callable[[], None] | None = None
        self._ours = False

    def __enter__(self) -> Self:
        own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        self._ours = own and threading.current_thread() is threading.main_thread()
        if self._ours:
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _handle(self, *_: object) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()

    @contextmanager
    def awaited(self, action: Callable[[], None] | None = None) -> Iterator[None]:
        """The first Ctrl-C in here does `action`; without one it is a KeyboardInterrupt."""
        self._action = action or _interrupt
        try:
            yield
        finally:
            self._action = None


def _interrupt() -> None:
    raise KeyboardInterrupt


@contextmanager
def typing_kept() -> Iterator[None]:
    """What is typed in here waits, whole and unseen, for whoever reads the terminal next.

    A terminal that gathers lines keeps 4,095 bytes of one and drops what follows; one that does not
    makes the writer wait when it is full (n_tty.c in Linux). Its bytes stay as they were typed: no
    carriage return becomes a newline, no Ctrl-V or Ctrl-O means anything. Where there is no
    termios, as on Windows, nothing is changed.
    """
    try:
        import termios
    except ImportError:
        yield
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    gathering = [*before]
    gathering[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
    gathering[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    gathering[3] |= termios.NOFLSH  # Ctrl-C throws away nothing that was typed before it
    gathering[6] = [*before[6]]
    gathering[6][termios.VMIN], gathering[6][termios.VTIME] = 1, 0
    termios.tcsetattr(file, termios.TCSANOW, gathering)
    try:
        yield
    finally:
        termios.tcsetattr(file, termios.TCSANOW, before)
