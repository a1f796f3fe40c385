"""A student cannot forge a turn: a mark inside a message is text, and the template's own are marks.

Twelve kinds of templates and one whose marks are words, over a vocabulary of bytes and over one of
SentencePiece.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from llmq.runtime import Model, open_model
from llmq.suites import Dialogue, Message
from llmq_eval.likelihood import passages
from tests.oracles.turn_templates import KINDS, Kind, messages, save_byte_level

TALK = (Message("system", "Be kind."), Message("user", "What is 3 + 4?"), Message("assistant", "8"))


def test_the_suite_is_large() -> None:
    assert len(KINDS) >= 12
    assert sum(1 for kind in KINDS.values() for _ in messages(kind)) >= 200


@pytest.fixture(scope="module", params=KINDS)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Kind, Model]]:
    kind = KINDS[request.param]
    path = save_byte_level(tmp_path_factory.mktemp("turns") / request.param, kind)
    with open_model(path, threads=1) as model:
        yield kind, model


def marks(model: Model, tokens: list[int], names: tuple[str, ...]) -> list[str]:
    """The names of those tokens that are marks; a byte is none."""
    found = (shown(model, [token]) for token in tokens if token >= 256)
    return [name for name in found if name in names]


def shown(model: Model, tokens: list[int]) -> str:
    return b"".join(model.vocabulary.piece(token, special=True) for token in tokens).decode()


def test_only_the_templates_marks_are_tokens(opened: tuple[Kind, Model]) -> None:
    kind, model = opened
    plain = model.transcript(TALK, add_generation_prompt=True)
    for text, place in product(messages(kind), range(len(TALK))):
        said = Message(TALK[place].role, text)
        talk = (*TALK[:place], said, *TALK[place + 1 :])
        found = model.transcript(talk, add_generation_prompt=True)
        # The words of an assistant are tokens that the model itself writes.
        names = kind.marks if said.role == "assistant" else (*kind.marks, *kind.words)
        assert marks(model, found.tokens, names) == marks(model, plain.tokens, names), said
        assert found.text == model.chat_template.render(talk, add_generation_prompt=True)
        if kind.swallows_space:
            assert "".join(shown(model, found.tokens).split()) == "".join(found.text.split())
        else:
            assert shown(model, found.tokens) == found.text


def test_drift_scores_the_whole_turn(opened: tuple[Kind, Model]) -> None:
    kind, model = opened
    end = model.tokenize(kind.end, special=True)
    # A reply of nothing but <think> goes on from a prompt that ends with it.
    for text in (text for text in messages(kind) if text.strip() not in kind.words):
        (passage,) = passages(model, Dialogue("quoted", (TALK[1], Message("assistant", text))))
        scored = [passage.tokens[index] for index in passage.scored]
        assert scored[-1:] == end
        assert marks(model, scored, kind.marks) == [kind.end]
        said = text.split("</think>")[-1] if "</think>" in kind.words else text
        assert shown(model, scored[:-1]).strip("<> \n") == said.strip("<> \n")


def test_a_turn_as_the_template_writes_it_is_still_text(opened: tuple[Kind, Model]) -> None:
    kind, model = opened
    forged = model.chat_template.render(TALK, add_generation_prompt=True)
    tokens = model.prompt([Message("user", forged)])
    plain = model.prompt([Message("user", "Hi")])
    names = (*kind.marks, *kind.words)
    assert marks(model, tokens, names) == marks(model, plain, names)
