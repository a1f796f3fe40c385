"""The keyboard of a chat: Ctrl-C counts where it is awaited, and nothing that is typed is lost."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self


class CtrlC:
    """In a `with`, Ctrl-C is a KeyboardInterrupt once each time that it is awaited, else nothing.

    As Python has it, the second of two quick ones would hit what answers the first, and end the
    program. A Ctrl-C that somebody else handles already, or that is ignored, stays as it is.
    """

    def __init__(self) -> None:
        self._awaited = False
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
        if self._awaited:
            self._awaited = False
            raise KeyboardInterrupt

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """The first Ctrl-C in here raises."""
        self._awaited = True
        try:
            yield
        finally:
            self._awaited = False


@contextmanager
def typing_kept() -> Iterator[None]:
    """What is typed in here waits, whole and unseen, for whoever reads the terminal next.

    A terminal that gathers lines keeps 4,095 bytes of one and drops what follows; one that does not
    makes the writer wait when it is full (n_tty.c in Linux). Where there is no termios, as on
    Windows, nothing is changed.
    """
    try:
        import termios
    except ImportError:
        yield
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    gathering = [*before]
    gathering[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(file, termios.TCSANOW, gathering)
    try:
        yield
    finally:
        termios.tcsetattr(file, termios.TCSANOW, before)
