"""`llmq` run by worker processes, each of which has loaded it once for many runs."""

import io
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context

from llmq.cli import main


@dataclass(frozen=True)
class Done:
    """What a command ended with, and what it printed."""

    code: int
    stdout: str
    stderr: str


@contextmanager
def workers(number: int) -> Iterator[ProcessPoolExecutor]:
    """Processes for `started`."""
    with ProcessPoolExecutor(number, mp_context=get_context("spawn")) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)


def started(pool: ProcessPoolExecutor, *arguments: str) -> "Future[Done]":
    """`llmq ARGUMENTS` in one of the processes; what it raises, the result raises."""
    return pool.submit(_run, arguments)


def _run(arguments: tuple[str, ...]) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Done(code, out.getvalue(), err.getvalue())
