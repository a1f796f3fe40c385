"""Thoughts are split from speech in the same way wherever the text is cut."""

from itertools import pairwise
from random import Random

import pytest

from llmq.chat.pieces import Kind, Piece, first_line, trimmed
from llmq.chat.thinking import UNSAID, split_thoughts

CASES = {
    "<think>3+4 is 7</think>Well done!": ("3+4 is 7", "Well done!"),
    "\n<think>\na < b </thin </think>\n\nWell!\n": ("a < b </thin ", "Well!\n"),
    "<think>\n\n</think>\n\nYes": ("", "Yes"),
    "<think></think>": ("", ""),
    "Yes <think>no</think>": ("", "Yes <think>no</think>"),
    "<thin": ("", "<thin"),
    "<thinker>": ("", "<thinker>"),
    "</think>Yes": ("", "</think>Yes"),
    "<think>a</think>b<think>c</think>": ("a", "b<think>c</think>"),
    " <": ("", "<"),
    "": ("", ""),
}


def split(texts: list[str], *, opened: bool) -> tuple[str, str, list[str]]:
    """The thought, the speech and the remarks in a stream of these texts."""
    speech = (Piece(Kind.SPEECH, text) for text in texts)
    found = list(trimmed(split_thoughts(speech, opened=opened)))
    assert all(piece.text for piece in found)
    of_kind = {kind: [p.text for p in found if p.kind is kind] for kind in Kind}
    return "".join(of_kind[Kind.THOUGHT]), "".join(of_kind[Kind.SPEECH]), of_kind[Kind.REMARK]


def cuts(text: str, seed: int) -> list[str]:
    edges = sorted(Random(seed).choices(range(len(text) + 1), k=seed % 7))
    return [text[a:b] for a, b in pairwise([0, *edges, len(text)])]


@pytest.mark.parametrize("text", CASES)
def test_a_reply_of_thought_and_speech_however_it_is_cut(text: str) -> None:
    for texts in ([text], list(text), *(cuts(text, seed) for seed in range(50))):
        assert split(texts, opened=False) == (*CASES[text], [])


@pytest.mark.parametrize("text", [text for text in CASES if text.startswith("<think>")])
def test_a_tag_in_the_prompt_is_as_good_as_one_in_the_reply(text: str) -> None:
    assert split(list(text.removeprefix("<think>")), opened=True) == (*CASES[text], [])


@pytest.mark.parametrize("text", ["<think>hm", "<think>hm</th", "<think>"])
def test_thoughts_without_an_end_are_remarked_on(text: str) -> None:
    assert split(list(text), opened=False) == (text.removeprefix("<think>"), "", [UNSAID])


def test_text_comes_as_soon_as_no_tag_can_begin_in_it() -> None:
    texts = ["<think>a", "b<", "/c", "</think>", "d", "<"]
    stream = split_thoughts((Piece(Kind.SPEECH, text) for text in texts), opened=False)
    assert [piece.text for piece in stream if piece.text] == ["a", "b", "</c", "d", "<"]


def test_remarks_come_last() -> None:
    pieces = [Piece(Kind.SPEECH, "<thi"), Piece(Kind.REMARK, "cut")]
    found = [piece for piece in split_thoughts(pieces, opened=False) if piece.text]
    assert found == pieces


def test_a_line_ends_where_the_speech_has_a_newline() -> None:
    thought, remark = Piece(Kind.THOUGHT, "a\nb"), Piece(Kind.REMARK, "cut")
    speech = [Piece(Kind.SPEECH, text) for text in ("c", "d\ne", "f")]
    assert list(first_line([thought, *speech, remark])) == [
        thought,
        Piece(Kind.SPEECH, "c"),
        Piece(Kind.SPEECH, "d"),
    ]
    assert list(first_line([speech[0], remark])) == [speech[0], remark]
