"""Each scored token's values: those of a computation by hand, whatever else is compared."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from llmq.errors import ModelError
from llmq.runtime import EXACT, Model, open_model
from llmq_eval.comparison import compare
from llmq_eval.distribution import Distribution
from llmq_eval.likelihood import Passage, Tokens

PASSAGE = Passage(tuple(range(40, 120)), (3, 4, *range(30, 79)))
exact = partial(open_model, threads=1, how=EXACT)


def differences(base: Model, quant: Model, passage: Passage) -> Tokens:
    found = compare(base, [quant], passage)[quant]
    assert not isinstance(found, ModelError)
    return found


def test_each_tokens_values_are_those_of_a_computation_by_hand(
    tiny_gguf: dict[str, Path], save_gguf: Callable[..., Path]
) -> None:
    other = save_gguf("other", "F32", rope_theta=500.0)
    with exact(tiny_gguf["F32"]) as base, exact(other) as quant:
        found = differences(base, quant, PASSAGE)
        logits = [m.logits(PASSAGE.tokens).astype(np.longdouble) for m in (base, quant)]
    assert len(found) == len(PASSAGE.scored)
    near = partial(pytest.approx, rel=1e-6, abs=1e-9)
    for token, index in zip(found, PASSAGE.scored, strict=True):
        p, q = (np.exp(rows[index - 1]) / np.exp(rows[index - 1]).sum() for rows in logits)
        target = PASSAGE.tokens[index]
        assert token["nll_base_nats"] == near(float(-np.log(p[target])))
        assert token["nll_quant_nats"] == near(float(-np.log(q[target])))
        assert token["kl_nats"] == near(float((p * np.log(p / q)).sum()))
        assert token["same_top"] == (p.argmax() == q.argmax())
        assert token["base_right"] == (p.argmax() == target)
        assert token["quant_right"] == (q.argmax() == target)
    assert 0 < found["same_top"].sum() < len(found)


def test_a_model_against_itself_is_exactly_zero(tiny_gguf: dict[str, Path]) -> None:
    with exact(tiny_gguf["Q4_0"]) as one, exact(tiny_gguf["Q4_0"]) as two:
        found = differences(one, two, PASSAGE)
    assert (found["nll_base_nats"] == found["nll_quant_nats"]).all()
    assert not found["kl_nats"].any()
    assert found["same_top"].all()


def test_company_changes_no_value_and_the_base_reads_once(tiny_gguf: dict[str, Path]) -> None:
    with (
        exact(tiny_gguf["F32"]) as base,
        exact(tiny_gguf["BF16"]) as first,
        exact(tiny_gguf["Q4_0"]) as second,
    ):
        alone = [differences(base, quant, PASSAGE) for quant in (first, second)]
        read = base.tokens_read
        together = compare(base, [first, second], PASSAGE)
        assert base.tokens_read - read == max(PASSAGE.scored)
    for quant, values in zip((first, second), alone, strict=True):
        np.testing.assert_array_equal(together[quant], values)


def test_a_passage_without_scored_tokens_has_no_values(tiny_gguf: dict[str, Path]) -> None:
    with exact(tiny_gguf["Q4_0"]) as one, exact(tiny_gguf["Q4_0"]) as two:
        assert len(differences(one, two, Passage((1, 2, 3), ()))) == 0
        assert one.tokens_read == 0


def test_a_file_that_fails_leaves_the_others_their_values(
    tiny_gguf: dict[str, Path], damaged_gguf: Path
) -> None:
    with (
        exact(tiny_gguf["BF16"]) as base,
        exact(damaged_gguf) as bad,
        exact(tiny_gguf["Q4_0"]) as good,
    ):
        found = compare(base, [bad, good], PASSAGE)
        alone = differences(base, good, PASSAGE)
    np.testing.assert_array_equal(found[good], alone)
    assert isinstance(found[bad], ModelError)
    assert "damaged.gguf computes no number" in str(found[bad])


def test_logits_of_any_size_make_a_distribution() -> None:
    p = Distribution(3).read(np.array([3e38, -3e38, 3e38], np.float32))
    q = Distribution(3).read(np.array([0, 88, 700], np.float32))
    assert p.top == 0
    assert p.nll(0) == pytest.approx(np.log(2))
    assert p.nll(1) == pytest.approx(6e38, rel=1e-6)
    assert q.nll(0) == 700
    assert q.kl(p) == pytest.approx(np.log(2))
    assert p.kl(q) == pytest.approx(350 - np.log(2))
    assert p.kl(p) == 0


def test_the_likeliest_come_first_and_of_equals_the_lower() -> None:
    p = Distribution(6).read(np.log(np.array([1, 4, 2, 4, 8, 4], np.float32)))
    assert [token for token, _ in p.likeliest(3)] == [4, 1, 3]
    assert [chance for _, chance in p.likeliest(9)] == pytest.approx(
        [x / 23 for x in (8, 4, 4, 4, 2, 1)]
    )
