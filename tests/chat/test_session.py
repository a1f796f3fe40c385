"""The oldest turns go first; the system turn and the student's last words never do."""

from collections.abc import Sequence

import pytest

from llmq.chat.session import Session
from llmq.errors import ModelError
from llmq.suites import Message


def words(messages: Sequence[Message]) -> list[str]:
    """A token is a word here."""
    return [word for m in messages for word in m.content.split()]


def chat(*turns: str, system: str = "be kind") -> Session:
    session = Session.begin(system)
    for i, text in enumerate(turns):
        session = session.said("assistant" if i % 2 else "user", text)
    return session


def test_what_fits_stays_whole() -> None:
    assert chat("one", "two", "three").fitted(5, words) == (
        ["be", "kind", "one", "two", "three"],
        0,
    )


@pytest.mark.parametrize(
    ("room", "left", "n_gone"),
    [(6, "be kind c d d e", 2), (5, "be kind e", 4), (3, "be kind e", 4)],
)
def test_the_oldest_exchanges_go_and_a_student_speaks_first(
    room: int, left: str, n_gone: int
) -> None:
    assert chat("a", "b", "c", "d d", "e").fitted(room, words) == (left.split(), n_gone)


def test_without_a_system_turn() -> None:
    assert chat("a", "b", "c", system="").fitted(1, words) == (["c"], 2)


def test_too_long_a_message_is_an_error_with_the_numbers() -> None:
    with pytest.raises(ModelError, match="need 6 tokens, but 5 fit"):
        chat("a", "b", "w x y z").fitted(5, words)
