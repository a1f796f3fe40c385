"""Worker processes: tasks shared out to them, or done by the main process where there are none.

Processes, not threads: the ufunc calls of a kernel are so short that threads would fight for the
interpreter's lock (kernels/README.md). They are started afresh (`spawn`) on every platform and open
files by themselves, so nothing depends on fork or on positioned reads.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")
QUEUED = 512  # tasks handed out at a time: those of all chunks of a large model would take memory


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor | None]:
    """The worker processes, or None; on an error they stop after the chunk they are at."""
    if not workers:
        yield None
        return
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begun,
    )
    try:
        with _interrupts_held():  # or it would hit a process before its initializer has run
            for _ in range(workers):  # each task makes the pool start one process
                pool.submit(int)
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begun() -> None:
    """Leave Ctrl-C to the main process, and end where that one was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool waits for tasks for ever: its processes hold both ends of the pipe they come by."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits until the end, and in processes started meanwhile for good (not on Windows)."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def on_each(
    pool: ProcessPoolExecutor | None, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[int, Result]]:
    """The index and the result of `work` on each of `tasks`, in any order."""
    if pool is None:
        yield from ((index, work(*task)) for index, task in enumerate(tasks))
        return
    waiting: dict[Future[Result], int] = {}
    for index, task in enumerate(tasks):
        if len(waiting) >= QUEUED:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            yield from ((waiting.pop(future), future.result()) for future in done)
        waiting[pool.submit(work, *task)] = index
    yield from ((waiting[future], future.result()) for future in as_completed(waiting))
