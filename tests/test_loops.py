"""What goes in circles, and what only repeats itself as people do."""

import pytest

from llmq.loops import loops

LINES = "\n".join
CIRCLES = {
    "a sentence": "Look at the ones. Then add the tens to it. " + "Now add the tens again. " * 5,
    "words": "The answer is " + "very " * 20,
    "cut off in the middle": ("Let us check the sum once more, digit by digit. " * 4)[:-9],
    "a paragraph": "First we write both numbers below each other, so that ones stand below ones and "
    "tens below tens. Then we add the ones, and carry what is more than nine. " * 2,
    "a long sentence, cut off": (
        "This is a classic example of a quadratic equation, and it can be factored as (x + 1)(x - 2). "
        * 3
    )[:-40],
    "a sentence that comes back": "The air is dry, so it is not as humid as it would be there. "
    "It is hot. The air is dry, so it is not as humid as it would be there.\n\nIt is warm. "
    "The air is dry, so it is not as humid as it would be there.",
    "Chinese": "你好我们再试一次。" * 8,
    "without spaces": "abcdefgh" * 10,
    "second thoughts": LINES(
        f"The value is {n}. But wait, let me check that again. Hmm, {n + 1}." for n in range(5)
    ),
    "a list that repeats": LINES(["- Add the two numbers to each other."] * 6),
    "zeros": "It is 1" + "0" * 200,
    "rows of a table": "| step | what |\n|---|---|\n" + "| add | the tens and ones |\n" * 4,
}
STRAIGHT = {
    "nothing": "",
    "a short answer": "No, no, no! Try it again.",
    "a multiplication table": LINES(f"{n} x 7 = {7 * n}" for n in range(1, 21)),
    "steps": LINES(f"{n}. Add {n} to both sides and write the line down." for n in range(1, 12)),
    "a table": "| a | b |\n" + "|---|---|\n" + LINES(f"| {n} | {n * n} |" for n in range(30)),
    "a rule": "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    "a line to fill in": "My answer: " + "_" * 90 + " because " + "." * 90,
    "a period": "1/3 = 0." + "3" * 50 + "... and 2/3 = 0." + "6" * 50 + "...",
    "a song": "Row, row, row your boat, gently down the stream.\n"
    "Merrily, merrily, merrily, merrily, life is but a dream.\n" * 2,
    "a question asked thrice": "What comes next in the row? I see 2.\n"
    "What comes next in the row? I see 4.\nWhat comes next in the row? I see 8.",
    "short answers": "Well done.\nNext one.\nWell done.\nNext one.\nWell done.\nWell done.\nWell done.",
    "a task put again": "How many tens are in 90, and how many ones are left over then? Think of a "
    "row of ten beads. Now once more: how many tens are in 90, and how many ones are left over then?",
    "code": "for i in range(3):\n    print(i)\nfor j in range(3):\n    print(j)\n",
    "all true": LINES(f"| {n % 2} | {n // 2} | yes |" for n in range(4)),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_it_goes_in_circles(name: str) -> None:
    assert loops(CIRCLES[name])


@pytest.mark.parametrize("name", STRAIGHT)
def test_it_only_repeats_itself(name: str) -> None:
    assert not loops(STRAIGHT[name])
