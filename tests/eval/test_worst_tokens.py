"""The worst tokens stand in their places, with what both models hold likeliest."""

import json
from pathlib import Path

import numpy as np
import pytest

from llmq.runtime import EXACT, Model, open_model
from llmq.suites import Dialogue, Message, Suite
from llmq_eval.comparison import predictions
from llmq_eval.drift import Drift, builtin_suite, measure_drifts
from llmq_eval.histogram import EDGES_NATS
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened
from llmq_eval.worst_tokens import MOST

SUITE = Suite("few", "", builtin_suite().dialogues[:5])


@pytest.fixture(scope="module")
def drift(tiny_gguf: dict[str, Path]) -> Drift:
    material = suite_material(SUITE)
    with opened([tiny_gguf["BF16"], tiny_gguf["Q4_0"]], n_ctx=2048, threads=1) as models:
        (found,) = measure_drifts(models, material)
    assert isinstance(found, Drift)
    return found


def test_they_are_those_with_the_largest_kl_the_worst_first(drift: Drift) -> None:
    kl = np.concatenate([document.tokens["kl_nats"] for document in drift.documents])
    assert [token.kl_nats for token in drift.worst] == sorted(kl.tolist(), reverse=True)[:MOST]
    for token in drift.worst:
        (document,) = (row for row in drift.documents if row.id == token.id)
        row = document.tokens[token.position]
        assert token.kl_nats == row["kl_nats"]
        assert token.p_base == pytest.approx(np.exp(-row["nll_base_nats"]), rel=1e-12)
        assert token.p_quant == pytest.approx(np.exp(-row["nll_quant_nats"]), rel=1e-12)
        assert (token.base_top[0] == token.quant_top[0]) <= row["same_top"]
        assert token.base_top[0][1] >= token.base_top[1][1] >= token.base_top[4][1]
        assert token.subject == document.subject


def test_they_stand_in_their_text(drift: Drift, tiny_gguf: dict[str, Path]) -> None:
    worst = drift.worst[0]
    (talk,) = (talk for talk in SUITE.dialogues if talk.id == worst.id)
    with open_model(tiny_gguf["BF16"], threads=1, how=EXACT, fixed_date=True) as model:
        text = model.chat_template.render(talk.messages, add_generation_prompt=False)
        around = worst.before + worst.token + worst.after
        assert around in text
        assert worst.base_top == likeliest(model, talk, worst.position)


def likeliest(model: Model, talk: Dialogue, position: int) -> tuple[tuple[str, float], ...]:
    (document,) = suite_material(Suite("one", "", (talk,))).documents(model)
    (passage,) = document.passages
    for number, p in enumerate(predictions(model, passage)):
        if number == position:
            texts = [(model.vocabulary.text(token), chance) for token, chance in p.likeliest(5)]
            return tuple(texts)
    raise AssertionError


def test_samples_are_plain_values_in_which_every_token_counts_once(drift: Drift) -> None:
    samples = json.loads(json.dumps(drift.samples(), allow_nan=False))
    histogram = samples["kl_histogram"]
    assert len(histogram["counts"]) == len(histogram["edges_nats"]) - 1 == len(EDGES_NATS) - 1
    counted = sum(histogram["counts"]) + histogram["n_below"] + histogram["n_above"]
    assert counted == drift.n_tokens
    assert samples["worst_tokens"][0]["kl_nats"] == drift.worst[0].kl_nats


def test_text_that_is_no_text_does_not_end_the_measurement(tiny_gguf: dict[str, Path]) -> None:
    """A token may be a part of a letter: it is shown as what cannot be shown."""
    turns = (Message("user", "é?"), Message("assistant", "\u6570\u6570 <|im_end|> \x1b[31m"))
    material = suite_material(Suite("odd", "", (Dialogue("odd", turns),)))
    with opened([tiny_gguf["BF16"], tiny_gguf["Q4_0"]], n_ctx=2048, threads=1) as models:
        (found,) = measure_drifts(models, material)
    assert isinstance(found, Drift)
    assert any("\ufffd" in token.token for token in found.worst)
    json.dumps(found.as_json(), allow_nan=False)
