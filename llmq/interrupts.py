"""Signals that end a program: Ctrl-C where it must not hit, and others that leave no time else."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

ENDINGS = ("SIGTERM", "SIGHUP")  # what `kill` sends, and a terminal that is closed


@contextmanager
def interrupts_deferred() -> Iterator[Sequence[object]]:
    """A Ctrl-C in here, or a signal of ENDINGS that raises, counts at the end; yields those so far.

    It is the handler that waits, not the signal: blocked in this thread, the signal would reach
    another one, and Python would raise what follows from it here all the same. Threads but the main
    one are never interrupted; a handler that is not Python's stays as it is.
    """
    main = threading.current_thread() is threading.main_thread()
    handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, *_endings())} if main else {}
    before = {number: handler for number, handler in handlers.items() if callable(handler)}
    hits: list[tuple[int, FrameType | None]] = []
    for number in before:
        signal.signal(number, lambda *hit: hits.append(hit))
    try:
        yield hits
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if hits:
        first, frame = hits[0]
        before[signal.Signals(first)](first, frame)


@contextmanager
def endings_raise(error: Callable[[str], Exception]) -> Iterator[None]:
    """A signal of ENDINGS raises `error(its name)` in here, so that what is unfinished is removed.

    Handlers that somebody else has set stay, and only the main thread can set any.
    """
    free = [number for number in _endings() if signal.getsignal(number) == signal.SIG_DFL]
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


def _endings() -> list[signal.Signals]:
    """Those of ENDINGS that the system has."""
    return [signal.Signals[name] for name in ENDINGS if hasattr(signal, name)]
