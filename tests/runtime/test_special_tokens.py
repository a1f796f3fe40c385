"""Where a text is cut at the names of special tokens: the longest first, with the space they take.

That the cuts are llama.cpp's own is seen in test_forged_turns, where it reads the same texts.
"""

import pytest

from llmq.runtime.special_tokens import (
    CONTROL,
    LSTRIP,
    RSTRIP,
    USER_DEFINED,
    SpecialToken,
    at_marks,
    partition,
)

TOKENS = (
    SpecialToken("<|end|>!", 1, USER_DEFINED),
    SpecialToken("<mask>", 2, CONTROL | LSTRIP),
    SpecialToken("<|r|>", 3, CONTROL | RSTRIP),
    SpecialToken("<|end", 4, CONTROL),
)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("plain", ["plain"]),
        ("<|end|>!", [1]),
        ("<|end|>", [4, "|>"]),
        ("a <|end<|end|>! b", ["a ", 4, 1, " b"]),
        ("a \n<mask> b", ["a", 2, " b"]),
        (" <mask>", [2]),
        ("a <|r|>\n b", ["a ", 3, "b"]),
        ("<|r|> <|r|>", [3, 3]),
        ("<|r|> <mask> ", [3, 2, " "]),
    ],
)
def test_the_pieces(text: str, pieces: list[str | int]) -> None:
    spans = partition(text, TOKENS)
    assert [s.token.id if s.token else text[s.start : s.stop] for s in spans] == pieces


def test_a_text_of_many_names_is_cut_in_no_time() -> None:
    assert len(partition("<|end|>! <|r|> " * 100_000, TOKENS)) == 300_000


def test_between_marks_all_is_text() -> None:
    text = "a<|end|>!b<mask>c"
    spans = at_marks(partition(text, TOKENS), frozenset({2}))
    assert [text[span.start : span.stop] for span in spans] == ["a<|end|>!b", "<mask>", "c"]
