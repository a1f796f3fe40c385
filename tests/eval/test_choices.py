"""Multiple choice: which choice is likeliest by the byte, read once a question, the same again."""

from dataclasses import replace
from pathlib import Path

import pytest

from llmq.errors import ModelError
from llmq.runtime import Model, open_model
from llmq.runtime.decoder import log_p
from llmq.suites import Choice, Message
from llmq_eval.choices import ChosenBeside, answer_choices, scored

ITEMS = tuple(
    Choice(f"c{n}", f"What is {n} + 4?", (f"{n + 4}", f"It is {n + 3}.", "I do not know"), n % 3,
           subject="sums", source="test")
    for n in range(6)
)  # fmt: skip


def test_a_score_is_the_replys_log_probability_by_the_byte(tiny_gguf: dict[str, Path]) -> None:
    item = Choice("c", "Wie viel ist 1 + 1?", ("zwei", "fünf", "mehr als zwei"), 0)
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        found = scored(model, item)
        expected = [_by_itself(model, item.question, text) for text in item.choices]
    assert found == pytest.approx(expected, abs=0.01)


def _by_itself(model: Model, question: str, text: str) -> float:
    prompt = model.prompt([Message("user", question)])
    reply = model.tokenize(text)
    rows = model.logits([*prompt, *reply])[len(prompt) - 1 :]
    total = sum(log_p(row, token) for row, token in zip(rows, reply, strict=False))
    return total / len(text.encode())


def test_a_file_beside_itself_and_beside_another(tiny_gguf: dict[str, Path]) -> None:
    seen: list[tuple[int, int]] = []
    with (
        open_model(tiny_gguf["BF16"], threads=1) as base,
        open_model(tiny_gguf["Q4_0"], threads=1) as other,
    ):
        done = answer_choices([base, base, other], ITEMS, progress=lambda *at: seen.append(at))
        again = answer_choices([base, base], tuple(reversed(ITEMS)))
    assert seen == [(n, 18) for n in range(1, 19)]
    same, differ = done
    assert isinstance(same, ChosenBeside)
    assert isinstance(differ, ChosenBeside)
    assert same.base == same.quant
    assert not same.samples()
    assert same.rows()[1] == {
        "id": "c1", "subject": "sums", "source": "test", "n_choices": 3, "right": 1,
        "base_chosen": same.base[1], "quant_chosen": same.base[1],
        "base_right": int(same.base[1] == 1), "quant_right": int(same.base[1] == 1),
    }  # fmt: skip
    assert differ.base == same.base
    # What is chosen does not depend on what was asked before.
    assert isinstance(again[0], ChosenBeside)
    assert again[0].base == tuple(reversed(same.base))


def test_the_cost_is_each_question_once_and_its_choices(tiny_gguf: dict[str, Path]) -> None:
    (item,) = ITEMS[:1]
    longer = replace(item, question=item.question * 10)
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        scored(model, item)
        short = model.tokens_read
        scored(model, longer)
        extra = len(model.tokenize(item.question * 10)) - len(model.tokenize(item.question))
        assert model.tokens_read - 2 * short == pytest.approx(extra, abs=3)


def test_what_flipped_is_told_what_was_lost_first() -> None:
    found = ChosenBeside(ITEMS[:3], base=(0, 0, 2), quant=(0, 1, 1))
    lost, won = found.samples()
    assert (lost["id"], lost["right"], lost["quant"]) == ("c2", "I do not know", "It is 5.")
    assert (won["id"], won["base"], won["quant_right"]) == ("c1", "5", 1)


def test_a_file_that_fails_keeps_no_other_from_its_answers(
    tiny_gguf: dict[str, Path], damaged_gguf: Path
) -> None:
    with (
        open_model(tiny_gguf["BF16"], threads=1) as base,
        open_model(damaged_gguf, threads=1) as damaged,
    ):
        failed, fine = answer_choices([base, damaged, base], ITEMS)
        with pytest.raises(ModelError, match=r"choice 'c0': .*computes no number"):
            answer_choices([damaged, base], ITEMS)
    assert isinstance(failed, ModelError)
    assert "choice 'c0'" in str(failed)
    assert isinstance(fine, ChosenBeside)


def test_a_choice_that_does_not_fit(tiny_gguf: dict[str, Path]) -> None:
    long = replace(ITEMS[0], question="x" * 100)
    with (
        open_model(tiny_gguf["BF16"], n_ctx=32, threads=1) as model,
        pytest.raises(ModelError, match=r"choice 'c0': .*the context holds 32"),
    ):
        answer_choices([model, model], [long])
