"""A tutor that is open is warm, runs as was asked for, or says what it does instead."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llmq.chat import opening
from llmq.chat.opening import THINK_BUDGET, Setup, open_tutor
from llmq.chat.pieces import Kind
from llmq.chat.room import bytes_needed, read_header
from llmq.chat.speaking import ModelSpeaker
from llmq.errors import ModelError
from llmq.runtime import Model
from llmq.suites import Message

ASKED = [Message("system", "Be kind."), Message("user", "7?")]
SETUP = Setup(threads=1, system="Be kind.")


@contextmanager
def opened(
    path: Path, setup: Setup = SETUP, *, floor: float = 0
) -> Iterator[tuple[ModelSpeaker, list[str]]]:
    speaker, remarks = open_tutor(path, setup, floor=floor)
    with speaker.model:
        yield speaker, remarks


def test_an_open_tutor_is_warm(tiny_gguf: dict[str, Path]) -> None:
    with opened(tiny_gguf["BF16"]) as (speaker, remarks):
        assert not remarks
        assert speaker.model.tokens_read > len(speaker.prompt(ASKED[:1]))
        assert any(piece.kind is Kind.SPEECH for piece in speaker.speak(ASKED, max_tokens=5))
        common = len(["<|im_start|>"]) + len("system\nBe kind.")
        assert speaker.timings.n_read < speaker.timings.n_prompt - common


def test_a_smaller_model_takes_over_where_the_first_does_not_fit(
    tiny_gguf: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = tiny_gguf["F32"], tiny_gguf["Q4_0"]
    between = bytes_needed(read_header(large), 512, "F16") - 1
    monkeypatch.setattr(opening, "available_bytes", lambda: between)
    with pytest.raises(ModelError, match=r"needs .* of memory"):
        open_tutor(large, SETUP)
    setup = Setup(threads=1, fallback=small, n_ctx=512)
    with opened(large, setup) as (speaker, (first, *_)):
        assert speaker.model.path == small
        assert f"so this is {small.name}" in first
        assert first.startswith(f"{large.name} needs")


def test_a_smaller_model_takes_over_where_the_first_is_slow(tiny_gguf: dict[str, Path]) -> None:
    large, small = tiny_gguf["F32"], tiny_gguf["Q4_0"]
    with opened(large, floor=math.inf) as (speaker, remarks):
        assert speaker.model.path == large
        assert "tokens a second here: --fallback names" in remarks[-1]
    with opened(large, Setup(threads=1, fallback=small), floor=math.inf) as (speaker, remarks):
        assert speaker.model.path == small
        assert "tokens a second here; so this is" in remarks[0]


def test_the_command_line_wins_over_the_file(tiny_gguf: dict[str, Path]) -> None:
    with opened(tiny_gguf["BF16"], Setup(temperature=0.5, seed=7, threads=1)) as (speaker, _):
        assert (speaker.sampling.temperature, speaker.sampling.seed) == (0.5, 7)
    with opened(tiny_gguf["BF16"], Setup(think_budget=9)) as (speaker, _):
        assert speaker.think_budget == 9
        assert speaker.spreads


def test_only_a_large_model_thinks_by_itself(
    tiny_gguf: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tiny_gguf["BF16"]) as (speaker, _):
        assert speaker.think_budget == 0
    monkeypatch.setattr(Model, "n_weights", 8_000_000_000)
    with opened(tiny_gguf["BF16"]) as (speaker, _):
        assert speaker.think_budget == THINK_BUDGET


def test_a_model_without_a_template_is_warmed_too(save_gguf: Callable[..., Path]) -> None:
    with opened(save_gguf("bare", "BF16", None)) as (_, remarks):
        assert "no chat template" in remarks[0]
