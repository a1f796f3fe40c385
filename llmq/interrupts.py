"""Signals that end a program: Ctrl-C where it must not hit, and others that leave no time else."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """A Ctrl-C in here counts at the end.

    It is the handler that waits, not the signal: blocked in this thread, the signal would reach
    another one, and Python would raise what follows from it here all the same. Threads but the main
    one are never interrupted; a handler that is not Python's stays as it is.
    """
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    hits: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: hits.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if hits:
        before(*hits[0])


ENDINGS = ("SIGTERM", "SIGHUP")  # what `kill` sends, and a terminal that is closed


@contextmanager
def endings_raise(error: Callable[[str], Exception]) -> Iterator[None]:
    """A signal of ENDINGS raises `error(its name)` in here, so that what is unfinished is removed.

    Handlers that somebody else has set stay, and only the main thread can set any.
    """
    known = [number for name in ENDINGS if (number := getattr(signal, name, None)) is not None]
    free = [number for number in known if signal.getsignal(number) == signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        free = []

    def end(number: int, _frame: FrameType | None) -> None:
        raise error(signal.Signals(number).name)

    for number in free:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in free:
            signal.signal(number, signal.SIG_DFL)
