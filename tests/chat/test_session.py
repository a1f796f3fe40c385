"""The oldest turns go first; the system turn and the student's last words never do."""

from collections.abc import Sequence

import pytest

from llmq.chat.session import Session
from llmq.errors import ModelError
from llmq.suites import Message


def words(messages: Sequence[Message]) -> int:
    """A token is a word here."""
    return sum(len(m.content.split()) for m in messages)


def chat(*turns: str, system: str = "be kind") -> Session:
    session = Session.begin(system)
    for i, text in enumerate(turns):
        session = session.said("assistant" if i % 2 else "user", text)
    return session


def test_what_fits_stays_whole() -> None:
    session = chat("one", "two", "three")
    assert session.fitted(5, words) == session


@pytest.mark.parametrize(
    ("room", "left"),
    [(6, ["be kind", "c", "d d", "e"]), (5, ["be kind", "e"]), (3, ["be kind", "e"])],
)
def test_the_oldest_exchanges_go_and_a_student_speaks_first(room: int, left: list[str]) -> None:
    session = chat("a", "b", "c", "d d", "e")
    assert [m.content for m in session.fitted(room, words).messages] == left


def test_without_a_system_turn() -> None:
    session = chat("a", "b", "c", system="")
    assert [m.content for m in session.fitted(1, words).messages] == ["c"]


def test_too_long_a_message_is_an_error_with_the_numbers() -> None:
    with pytest.raises(ModelError, match="need 6 tokens, but 5 fit"):
        chat("a", "b", "w x y z").fitted(5, words)
