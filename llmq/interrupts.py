"""Ctrl-C where it must not hit: it counts at the end."""

import signal
import threading
from collections.abc import Iterator
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
