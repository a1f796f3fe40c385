"""Texts beside each other: no word is lost, no line too wide, the mark is where they part."""

import random

import pytest
from rich.cells import cell_len

from llmq.verbs.side_by_side import MARK, side_by_side

A, B = "a.gguf", "b.gguf"


@pytest.mark.parametrize("width", [20, 60, 63, 80, 120])
def test_random_texts_fit_and_lose_no_letter(width: int) -> None:
    rng = random.Random(width)
    for _ in range(100):
        words = ["".join(rng.choices("abcß你é", k=rng.randint(1, 12))) for _ in range(40)]
        texts = [
            " ".join(rng.choices(words, k=rng.randint(0, 60))) for _ in range(rng.randint(1, 3))
        ]
        lines = list(side_by_side([A, B, "c.gguf"][: len(texts)], texts, width))
        assert max(map(cell_len, lines)) <= width
        shown, given = "".join(lines), "".join(texts)
        for letter in "ß你é":
            assert shown.count(letter) == given.count(letter)


def test_two_wide_texts_stand_in_two_columns_and_more_below_each_other() -> None:
    text = "word " * 30
    assert next(iter(side_by_side([A, B], [text, text], 80))).split() == [A, B]
    assert next(iter(side_by_side([A, B], [text, text], 50))) == A
    assert next(iter(side_by_side([A, B, A], [text] * 3, 200))) == A


def test_the_mark_stands_before_the_first_word_that_differs() -> None:
    lines = list(side_by_side([A, B], ["it is twelve.", "it is twenty."], 80))
    assert lines[1].count(f"it is {MARK}tw") == 2
    base, first, second = list(
        side_by_side([A, B, B], ["yes it is", "yes it is", "yes he is"], 80)
    )[1::2]
    assert (base, first, second) == ("  yes it is", "  yes it is", f"  yes {MARK}he is")
    assert MARK not in "".join(side_by_side([A, B], ["same", "same"], 80))


def test_lines_of_a_text_stay_lines() -> None:
    assert list(side_by_side([A], ["one\ntwo"], 80)) == [A, "one", "two"]
