"""Which answer a text gives."""

import time

import pytest

from llmq.answers import found_answer

FOUND = (
    ("It must be 4a + 3b!", "4a + 3b"),
    ("There are 5 apples, so 15 in total.", "15"),
    ("The perimeter is 2(x + 3), then.", "2(x + 3)"),
    ("So we get there. The answer is 4a + 3b.", "4a + 3b"),
    ("The answer is (x + 2)(x + 3).", "(x + 2)(x + 3)"),
    ("The answer is 7. It is 3 more than 4.", "7"),
    ("It is 5, I think. No, it is 6.", "6"),
    ("#### 18", "18"),
    ("The answer is 3/4.", "3/4"),
    (r"So the answer is $\frac{3}{4}$.", r"\frac{3}{4}"),
    (r"\boxed{5}", "5"),
    ("We have 3+4=7. So 7 it is", "7"),
    ("It is 5 cm because 2+3.", "5 cm"),
    ("x + 1", "x + 1"),
    ("<think>12</think>The answer is 7", "7"),
    ("Paris", "Paris"),
    ("It is Paris.", "Paris"),
    ("The answer is: **12**", "12"),
    ("Die Antwort ist 3,5.", "3,5"),
    ("So she has 1,200 apples left.", "1,200"),
    ("What do you think?", None),
    ("Answer: x = 5", "x = 5"),
    ("the price is $754.", "$754"),
    ("The final answer is 12.5%.", "12.5%"),
    ("2 + 3 = 5", "2 + 3 = 5"),
    ("First, 580/10=58. Then 58*3=174. Then 580+174=754.", "754"),
    ("The answer is -3", "-3"),
    ("That gives x = -3.", "x = -3"),
    ("", None),
    ("It is 5 - 3", "5 - 3"),
    ("The answer is (2, 3).", "(2, 3)"),
    ("The answer is 1 1/2.", "1 1/2"),
    ("she has 12-5=7 left", "7"),
    ("The answer is 3.\nGood luck with 5 more!", "3"),
)


@pytest.mark.parametrize(("text", "answer"), FOUND)
def test_the_final_answer_of_a_text(text: str, answer: str | None) -> None:
    assert found_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10**6, "$" * 10**5, "the answer is " * 10**4, "\\boxed{" * 10**4, "1" * 10**5,
        "1," * 10**5, "it is " * 5000, "so x=" * 4000, "- " * 10**4, "\n" * 10**5, "**" * 5000,
    ],
)  # fmt: skip
def test_a_long_text_is_read_at_once(text: str) -> None:
    begun = time.process_time()
    found_answer(text)
    assert time.process_time() - begun < 1
