"""Problems: what the files reply is held against the key, the same again, and errors by file."""

from pathlib import Path

import pytest

from llmq.errors import ModelError
from llmq.runtime import open_model
from llmq.suites import Problem
from llmq_eval.drift import builtin_suite
from llmq_eval.problems import ANSWER_TOKENS, SolvedBeside, answer_problems, is_right
from llmq_eval.skill import skill_totals
from llmq_eval.writing import Reply

ITEMS = tuple(
    Problem(f"p{n}", f"What is {n} + 4?", f"{n + 4}", subject="sums", source="test")
    for n in range(3)
)


def reply(text: str) -> Reply:
    return Reply((1, 2), text, closed=True)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("4 + 0 = 4", True),
        ("The answer is 4.0 apples.", True),
        ("<think>It is 4.</think>It is 5.", False),
        ("<think>It is 5.</think>It is 4.", True),
        ("What do you think?", False),
        ("", False),
    ],
)
def test_the_final_answer_of_what_is_said_counts(text: str, right: bool) -> None:
    assert is_right(reply(text), ITEMS[0]) is right


@pytest.mark.parametrize("suite", ["skill", "practice"])
@pytest.mark.parametrize(
    "form",
    [
        "The answer is {}.",
        "We get there. So it must be {}!",
        "$\\boxed{{{}}}$",
        "**{}**",
        "#### {}",
    ],
)
def test_every_key_of_ours_is_found_and_right(suite: str, form: str) -> None:
    for problem in builtin_suite(suite).problems:
        assert is_right(reply(form.format(problem.answer)), problem), problem


def test_a_file_beside_itself(tiny_gguf: dict[str, Path]) -> None:
    seen: list[tuple[int, int]] = []
    with (
        open_model(tiny_gguf["BF16"], n_ctx=512, threads=1) as base,
        open_model(tiny_gguf["Q4_0"], n_ctx=512, threads=1) as other,
    ):
        same, differ = answer_problems(
            [base, base, other], ITEMS, progress=lambda *at: seen.append(at)
        )
    assert seen == [(n, 9) for n in range(1, 10)]
    assert isinstance(same, SolvedBeside)
    assert isinstance(differ, SolvedBeside)
    assert same.base == same.quant == differ.base
    assert same.base != differ.quant
    assert not same.samples()
    assert [row["base_right"] for row in same.rows()] == [row["quant_right"] for row in same.rows()]


def test_what_flipped_is_told_what_was_lost_first() -> None:
    right = [reply(f"{n + 4}") for n in range(3)]
    wrong = reply("I do not know")
    found = SolvedBeside(ITEMS, base=(wrong, right[1], right[2]), quant=(right[0], right[1], wrong))
    assert found.rows()[2] == {
        "id": "p2", "subject": "sums", "source": "test", "base_right": 1, "quant_right": 0,
    }  # fmt: skip
    lost, won = found.samples()
    assert (lost["id"], lost["right"], lost["quant"]) == ("p2", "6", "I do not know")
    assert (won["id"], won["base_right"]) == ("p0", 0)
    totals = skill_totals(found.rows())
    assert totals["base_accuracy"].value == totals["quant_accuracy"].value == 2 / 3
    assert totals["accuracy_kept"].value == 1
    assert totals["right_to_wrong"].value == totals["wrong_to_right"].value == 1 / 3
    assert "accuracy_kept" not in skill_totals([{"base_right": 0, "quant_right": 1}])


def test_a_file_that_fails_and_a_problem_that_does_not_fit(
    tiny_gguf: dict[str, Path], damaged_gguf: Path
) -> None:
    with (
        open_model(tiny_gguf["BF16"], n_ctx=512, threads=1) as base,
        open_model(damaged_gguf, n_ctx=512, threads=1) as damaged,
        open_model(tiny_gguf["BF16"], n_ctx=ANSWER_TOKENS, threads=1) as small,
    ):
        failed, too_small = answer_problems([base, damaged, small], ITEMS[:1])
        with pytest.raises(ModelError, match="computes no number"):
            answer_problems([damaged, base], ITEMS)
    assert isinstance(failed, ModelError)
    assert "problem 'p0'" in str(too_small)
    assert "do not fit the context of 256" in str(too_small)
