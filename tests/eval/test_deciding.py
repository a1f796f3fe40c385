"""Which tokens of a reply decide how it goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llmq.runtime import Model, open_model
from llmq.suites import Dialogue, Message
from llmq_eval.deciding import DECIDING, Role, roles
from llmq_eval.likelihood import passages
from llmq_eval.material import Document


def places(model: Model, text: str, role: Role) -> list[str]:
    """The text from each token of this role on, up to five characters."""
    turn = model.tokenize(text)
    pieces = [model.piece(token) for token in turn]
    found = zip(roles(model, turn), range(len(turn)), strict=True)
    texts = (
        b"".join(pieces[place:]).decode(errors="replace") for has, place in found if has & role
    )
    return [rest.strip()[:5] for rest in texts]


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        ("Not quite. Count on. What is 3.5 + 1?", ["Count", "What "]),
        ('He said "Stop!" Then he left.', ["Then "]),
        ("First:\n- add\n- carry", ["- add", "- car"]),
        ("\u6570\u3002\u52a0\uff01\u597d\uff1f", ["\u52a0\uff01\u597d\uff1f", "\u597d\uff1f"]),
        ("One word only", []),
        ("It ends. ", []),
        ("Wait... what? Yes!", ["what?", "Yes!"]),
        ("", []),
    ],
)
def test_a_sentence_begins_behind_a_mark_and_white_space(
    tiny_gguf: dict[str, Path], text: str, begun: list[str]
) -> None:
    with open_model(tiny_gguf["BF16"]) as model:
        assert places(model, text, Role.BRANCH) == begun
        assert places(model, text, Role.FIRST) == ([text[:5].strip()] if text else [])


def test_thoughts_end_where_their_mark_begins(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"]) as model:
        text = "<think>Add é. So 7.</think>\n\nWhat is next?"
        assert places(model, text, Role.THOUGHT) == ["</thi"]
        assert places(model, text, Role.BRANCH) == ["So 7.", "What "]


def test_the_end_of_a_turn_and_its_first_token_decide(
    tiny_gguf: dict[str, Path], save_gguf: Callable[..., Path]
) -> None:
    turns = (Message("user", "2+2?"), Message("assistant", "Count. On."), Message("user", "4"))
    talk = Dialogue("talk", (*turns, Message("assistant", "Yes!")))
    with open_model(tiny_gguf["BF16"]) as model:
        (passage,) = passages(model, talk)
        ends = [index for index, role in passage.roles.items() if role & Role.END]
        firsts = [index for index, role in passage.roles.items() if role & Role.FIRST]
        assert [model.is_end(passage.tokens[index]) for index in ends] == [True, True]
        assert [model.piece(passage.tokens[index]) for index in firsts] == [b"C", b"Y"]
        assert set(passage.roles) < set(passage.scored)
        assert all(role & DECIDING for role in passage.roles.values())
        cut = Document("talk", (passage,)).within(ends[0]).passages[0]
        assert max(cut.scored) == ends[0]
    with open_model(save_gguf("plain", "BF16", None)) as plain:
        (passage,) = passages(plain, talk)
        assert not any(role & Role.END for role in passage.roles.values())
