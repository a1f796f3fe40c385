"""Ctrl-C stops a model in the middle of a batch of its prompt, and does no harm."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llmq.runtime import Model, open_model

PROMPT = [1 + i % 250 for i in range(1500)]


@pytest.fixture
def slow_model(save_gguf: Callable[..., Path]) -> Iterator[Model]:
    """A model that takes a good while to read PROMPT, much of it for one batch."""
    sizes = {"hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 10}
    path = save_gguf("slow", "BF16", max_position_embeddings=2048, **sizes)
    with open_model(path, n_ctx=2048, threads=1) as model:
        yield model


@pytest.fixture(autouse=True)
def usual_ctrl_c() -> Iterator[None]:
    """Whatever a test before has left."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pressing(model: Model, pressed: list[float]) -> None:
    """Press Ctrl-C once the first batch has been read."""
    while not model.tokens_read:
        time.sleep(0.001)
    pressed.append(time.perf_counter())
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_stops_a_long_prompt(slow_model: Model) -> None:
    pressed: list[float] = []
    thread = threading.Thread(target=pressing, args=[slow_model, pressed])
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        list(slow_model.generate(PROMPT, max_tokens=1))
    late = time.perf_counter() - pressed[0]
    thread.join()
    assert 0 < slow_model.tokens_read < len(PROMPT)
    assert late < 1  # seconds; what people notice is measured by hand, on an idle machine
    known = slow_model.tokens_read
    after = list(slow_model.generate(PROMPT, max_tokens=5))
    assert slow_model.tokens_read == len(PROMPT) + 5  # what had been read is not read again
    assert known % 256 == 0
    list(slow_model.generate([7], max_tokens=1))
    assert after == list(slow_model.generate(PROMPT, max_tokens=5))


def test_a_ctrl_c_that_somebody_ignores_changes_nothing(slow_model: Model) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    thread = threading.Thread(target=pressing, args=[slow_model, []])
    thread.start()
    try:
        said = list(slow_model.generate(PROMPT, max_tokens=5))
        thread.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]
    list(slow_model.generate([7], max_tokens=1))
    assert said == list(slow_model.generate(PROMPT, max_tokens=5))
