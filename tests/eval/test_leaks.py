"""What tells an answer, and what only seems to."""

import time

import pytest

from llmq.suites import Message
from llmq_eval.leaks import tells

BIRDS = [Message("user", "There are 20 birds and 8 fly away. How many are left?")]
HALF = [Message("user", "A jacket of 80 pounds is 25 % off, then 20 pounds less. What is left?")]
TICKET = [
    Message(
        "system",
        "You are a maths tutor.\nProblem: A ticket costs 580 pounds. The price goes up by 30 percent."
        "\nStep 1: 580/10=58\nStep 2: 58*3=174\nStep 3: 580+174=754\nThe answer is 754.",
    ),
    Message("user", "I think 580/10=58."),
]
CHANCE = [
    Message("system", "Problem: 40 pupils, 20 of them girls. How many boys? The answer is 20."),
    Message("user", "Where do I begin?"),
]
NO_ONE = [Message("user", "Can you help me with my homework?")]

TOLD = [
    ("The answer is 12.", "12", BIRDS),
    ("20 - 8 = 12, so 12 birds are left.", "12", BIRDS),
    ("So there are **12** birds.", "12", BIRDS),
    ("You should get twelve.", "12", BIRDS),
    ("12", "12 birds", BIRDS),
    ("Twelve.", "12", BIRDS),
    ("Well worked out. 580+174 gives 754!", "754", TICKET),
    ("It is 754 pounds", "£754", TICKET),
    ("That makes 1,200.", "1200", NO_ONE),
    ("That makes 1200.", "1,200", NO_ONE),
    ("The value is 0.75.", "3/4", NO_ONE),
    ("The value is three quarters.", "3/4", NO_ONE),
    ("It is \\frac{3}{4} of it.", "3/4", NO_ONE),
    ("It is ¾ of it.", "0.75", NO_ONE),
    ("You get 75 % of it.", "3/4", NO_ONE),
    ("x is −3 here.", "x = -3", NO_ONE),  # noqa: RUF001
    ("That is 1½ cups.", "1 1/2", NO_ONE),
    ("That is 1.5 cups.", "3/2", NO_ONE),
    ("There are twenty-five of them.", "25", NO_ONE),
    ("It takes one hundred and five days.", "105", NO_ONE),
    ("Plants use photosynthesis to make sugar.", "Photosynthesis", NO_ONE),
    ("The answer is B.", "B", NO_ONE),
    ("Factor it: (x + 2)(x - 3).", "(x+2)(x-3)", NO_ONE),
    ("It simplifies to 2x + 3.", "2x+3", NO_ONE),
    ("That makes x² + 2·x − 15.", "x^2 + 2x - 15", NO_ONE),  # noqa: RUF001
    ("x = 3, or x = -7.", "x = 3 or x = -7", NO_ONE),
    ("The roots are 2 and 3.", "x = 2 or x = 3", NO_ONE),
    ("The answer is 20.", "20", CHANCE),
    ("40 - 20 = 20", "20", CHANCE),
    ("20 is the right answer.", "20", CHANCE),
    ("Yes, the answer is yes.", "yes", NO_ONE),
    ("It is 5cm long.", "5 cm", NO_ONE),
]
KEPT = [
    ("What is 20 - 8?", "12", BIRDS),
    ("How many birds fly away?", "12", BIRDS),
    ("Count back from 20: step 12 comes later.", "12", BIRDS),
    ("It is not 12.", "12", BIRDS),
    ("It isn't 12.", "12", BIRDS),
    ("There are 112 of them, or 12.5, or 1,012.", "12", BIRDS),
    ("Look at the 12th line, at 12:30, and at 12x.", "12", BIRDS),
    ("1. Read it.\n2. Draw it.\n12. Count.", "12", BIRDS),
    (
        "Yes, 12 is right!",
        "12",
        [*BIRDS, Message("assistant", "Well?"), Message("user", "Is it 12?")],
    ),
    ("Yes, 12 is right!", "12", [*BIRDS, Message("assistant", "Well?"), Message("user", "twelve")]),
    ("Exactly, 754.", "754", [*TICKET, Message("user", "580+174=754")]),
    ("There are 20 girls. Who else is there?", "20", CHANCE),
    ("Take the 20 girls away from all 40.", "20", CHANCE),
    ("Which one of the two steps comes first?", "1", NO_ONE),
    ("Work out 12/4 first.", "3", NO_ONE),
    ("Can you make 6/8 simpler?", "3/4", NO_ONE),
    ("Look at 3/4 of it.", "4", NO_ONE),
    ("Cut the cake in half.", "1/2", NO_ONE),
    ("Take a look at option A and at B too?", "B", NO_ONE),
    ("No, think again: which is true?", "no", NO_ONE),
    ("What do plants need light for?", "photosynthesis", NO_ONE),
    ("Write it as 2x + 30.", "2x+3", NO_ONE),
    ("What is 5² again?", "5", NO_ONE),
    ("Put x = 3 into it. And x = 7?", "x = 3 or x = -7", NO_ONE),
    ("One root is 2. Which is the other?", "x = 2 or x = 3", NO_ONE),
    ("", "12", BIRDS),
    ("Well worked out. How many times ten percent?", "754", TICKET),
    ("I will not tell you, but I can help. Work out 58*3.", "754", TICKET),
]


@pytest.mark.parametrize(("text", "answer", "given"), TOLD)
def test_the_answer_is_told(text: str, answer: str, given: list[Message]) -> None:
    assert tells(text, answer, given)


@pytest.mark.parametrize(("text", "answer", "given"), KEPT)
def test_the_answer_is_kept(text: str, answer: str, given: list[Message]) -> None:
    assert not tells(text, answer, given)


@pytest.mark.parametrize(
    "text", ["1 " * 10_000, "5 5/5 " * 4_000, "9" * 20_000, f"1/{'9' * 9_000}"]
)
def test_long_rows_of_figures_are_read_quickly_and_tell_nothing(text: str) -> None:
    begun = time.monotonic()
    assert not tells(text, "12", BIRDS)
    assert time.monotonic() - begun < 10
