"""Chats on a pseudo-terminal."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmq import bundled

if importlib.util.find_spec("pty") is not None:  # there is none on Windows
    from tests.chat.terminal.driven import PROMPT, Chat, Driven, arguments


@pytest.fixture
def chat(tmp_path: Path) -> "Iterator[Chat]":
    """Opens chats with the bundled tutor, whose data lie in a folder of the test."""
    model = bundled.path()
    assert model
    opened = []

    def begin(*options: str, columns: int = 80, **more: str) -> "Driven":
        more = {"LLMQ_DATA": str(tmp_path / "data"), **more}
        driven = Driven(arguments(model, *options), columns=columns, more=more)
        opened.append(driven)
        driven.wait_for(PROMPT)
        return driven

    yield begin
    for each in opened:
        each.kill()
