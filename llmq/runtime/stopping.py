"""Ctrl-C while llama.cpp computes.

Python handles a signal between two steps of Python, and while a batch of a long prompt is computed
there is none for seconds. But llama.cpp can ask before each step of its graph whether to go on
(`ggml_abort_callback`), in the thread that called it (ggml-cpu.c asks in thread 0): to answer is a
step of Python. What a handler raises must not pass through C, so it is called afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llmq.interrupts import interrupts_deferred
from llmq.runtime.binding import library

ABORTED = 2  # llama.h, llama_decode: "aborted (processed ubatches will remain in the context)"


@contextmanager
def interruptible(context: Any) -> Iterator[None]:
    """An interrupt in here makes llama.cpp stop what it computes, and counts at the end.

    For batches: an answer takes a microsecond, and a graph has a thousand steps. That is nothing
    beside a batch of a prompt, but a tenth of what a small model takes for one token.
    """
    lib = library()
    with interrupts_deferred() as waiting:
        answers = lib.ggml_abort_callback(lambda _: bool(waiting))
        lib.llama_set_abort_callback(context, answers, None)
        try:
            yield
        finally:
            lib.llama_set_abort_callback(context, lib.ggml_abort_callback(), None)
