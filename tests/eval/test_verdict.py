"""The verdict's words against figures that are made up, at the thresholds and between them."""

import json
import math

import numpy as np
import pytest

from llmq_eval.drift import DocumentDrift, Drift
from llmq_eval.likelihood import TOKEN
from llmq_eval.model_file import ModelFile
from llmq_eval.verdict import GRADES, grade_of, significant

WORDS = [grade.word for grade in GRADES]


def made(
    nats: float, n: int = 80, *, spread: float = 0.0, same: float = 0.9, unit: str = "dialogue"
) -> Drift:
    """Documents whose mean KL is `nats`, a half of them `spread` more and a half as much less."""
    documents = []
    for number in range(n):
        tokens = np.zeros(100, TOKEN)
        tokens["nll_base_nats"], tokens["nll_quant_nats"] = 1, 1.1
        tokens["kl_nats"] = nats + (spread if number % 2 else -spread)
        tokens["same_top"] = np.arange(100) < 100 * same
        documents.append(DocumentDrift(str(number), 0, tokens))
    files = ModelFile("base.gguf", 10, "b"), ModelFile("quant.gguf", 5, "q")
    return Drift(*files, "talks", "s", 2048, tuple(documents), unit)


@pytest.mark.parametrize("grade", GRADES, ids=lambda grade: grade.word)
def test_a_class_begins_at_the_threshold_of_the_one_before(grade: object) -> None:
    number = next(i for i, each in enumerate(GRADES) if each is grade)
    least = GRADES[number - 1].below if number else 0.0
    assert grade_of(least) is grade
    if number:
        assert grade_of(math.nextafter(least, 0)) is GRADES[number - 1]
    drift = made(least * 1.01 or 0.001)
    assert drift.verdict.word == WORDS[number]
    assert drift.verdict.perhaps == ()
    assert f"quant.gguf is {WORDS[number]} " in drift.verdict.sentence
    assert GRADES[number].meaning in drift.verdict.sentence


def test_the_sentence_says_how_far_how_sure_and_compared_with_what() -> None:
    text = made(0.04, spread=0.01).verdict.sentence
    assert text.startswith(
        "quant.gguf is close to base.gguf: at 90 of 100 places (90 to 90) it would say the same next word, "
        "mean KL 0.040 nats (0.038 to 0.042), on 80 dialogues of talks. "
    )


def test_an_interval_across_a_threshold_names_both_classes() -> None:
    verdict = made(0.098, spread=0.05).verdict
    assert (verdict.word, verdict.perhaps) == ("close", ("noticeably changed",))
    assert "is close to base.gguf, perhaps noticeably changed: at" in verdict.sentence
    assert verdict.sentence.endswith("More dialogues would tell.")
    wide = made(0.06, 3, spread=0.05, unit="chunk").verdict
    assert len(wide.perhaps) > 1
    assert wide.sentence.endswith("More chunks would tell.")


def test_few_documents_are_said() -> None:
    assert made(0.04, 20).verdict.sentence.endswith("20 dialogues are few: a first look.")
    single = made(0.04, 1).verdict
    assert single.perhaps == ()
    assert "mean KL 0.040 nats, on 1 dialogue of talks" in single.sentence
    assert single.sentence.endswith("A single dialogue is a hint, no more.")


def test_identical_is_what_differs_nowhere() -> None:
    def changed(field: str | None, value: float) -> Drift:
        drift = made(0.0, same=1.0)
        for document in drift.documents:
            document.tokens["nll_quant_nats"] = 1
        if field:
            drift.documents[-1].tokens[field][-1] = value
        return drift

    assert changed(None, 0).verdict.word == "identical"
    assert changed(None, 0).verdict.sentence == (
        "quant.gguf is identical to base.gguf: every token's probabilities are the same, "
        "on 80 dialogues of talks."
    )
    for field, value in (("kl_nats", 1e-12), ("same_top", 0), ("nll_quant_nats", 1 + 1e-15)):
        assert changed(field, value).verdict.word == "practically the same"


def test_the_report_holds_class_and_sentence() -> None:
    drift = made(0.098, spread=0.05)
    row = json.loads(json.dumps(drift.as_json(), allow_nan=False))["verdict"]
    assert row == {
        "class": "close",
        "perhaps": ["noticeably changed"],
        "sentence": drift.verdict.sentence,
    }


def test_two_digits_of_any_size() -> None:
    rng = np.random.default_rng(0)
    for x in 10.0 ** rng.uniform(-9, 3, 200):
        text = significant(float(x))
        assert "e" not in text
        assert float(text) == pytest.approx(x, rel=0.051)
