"""A large model tells what went; for a small one the student's words are quoted."""

from pathlib import Path

import pytest

from llmq.chat.context import SUMMARY_CHARACTERS, fit, quoted
from llmq.chat.speaking import ModelSpeaker
from llmq.chat.summary import TELLS_FROM, teller
from llmq.runtime import Model, open_model
from llmq.suites import Message

GONE = [Message("user", "What is 3/4 of 20?"), Message("assistant", "What is a quarter of it?")]


def test_a_small_model_is_not_asked(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        assert teller(ModelSpeaker(model)) is quoted
        assert model.tokens_read == 0


def test_a_large_model_tells_and_its_words_are_kept(
    tiny_gguf: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "n_weights", TELLS_FROM)
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        speaker = ModelSpeaker(model)
        told = teller(speaker)(GONE, "")
        assert 0 < len(told) <= SUMMARY_CHARACTERS
        assert told != quoted(GONE, "")
        turns = [*GONE * 6, Message("user", "And now?")]
        room = speaker.count(turns)
        found = fit([], turns, count=speaker.count, room=room, summary=teller(speaker))
    assert found.n_dropped
    assert found.summary
    assert found.summary in found.messages[0].content


def test_what_is_too_long_to_be_told_is_quoted(
    tiny_gguf: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "n_weights", TELLS_FROM)
    with open_model(tiny_gguf["BF16"], n_ctx=128, threads=1) as model:
        assert teller(ModelSpeaker(model))(GONE, "before") == quoted(GONE, "before")
