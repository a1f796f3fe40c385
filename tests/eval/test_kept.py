"""What a saved base keeps of a prediction: exact where it says so, right in the mean elsewhere."""

import numpy as np
import pytest

from llmq_eval.distribution import Distribution
from llmq_eval.kept import MOST_KEPT, SAMPLED, Kept, kept

N_VOCAB = 20_000


def prediction(seed: int, *, noise: float = 0.0, scale: float = 1.5) -> Distribution:
    """A row of logits; with `noise`, what a quantized file might make of it."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, N_VOCAB)
    changed = logits + noise * np.random.default_rng(seed + 1).normal(0, 1, N_VOCAB)
    return Distribution(N_VOCAB).read(changed.astype(np.float32))


def test_against_itself_it_is_exactly_zero() -> None:
    for seed in range(20):
        p, q = prediction(seed), prediction(seed)
        found = kept(p, 7, seed)
        assert found.kl(q) == 0
        assert found.kl_variance == 0
        assert (found.top, found.nll(7)) == (p.top, p.nll(7))
        assert found.chance(7) == pytest.approx(p.chance(7), rel=1e-12)
        assert found.likeliest(5) == p.likeliest(5)


@pytest.mark.parametrize("scale", [0.1, 1.5, 4.0])
def test_kl_is_right_in_the_mean_and_knows_how_far_it_may_be_off(scale: float) -> None:
    p, q = prediction(3, scale=scale), prediction(3, noise=0.3, scale=scale)
    records = [kept(p, 7, number) for number in range(200)]
    values = np.array([record.kl(q) for record in records])
    variances = np.array([record.kl_variance for record in records])
    stated = np.sqrt(variances.mean())
    assert abs(values.mean() - p.kl(q)) <= 5 * stated / np.sqrt(len(values)) + 1e-12
    assert values.std() <= 2 * stated
    assert (values >= 0).all()
    assert all(len(record.tokens) <= MOST_KEPT + SAMPLED for record in records)


def test_a_sure_prediction_is_kept_in_few_tokens() -> None:
    logits = np.zeros(N_VOCAB, np.float32)
    logits[[5, 9]] = 40, 38
    found = kept(Distribution(N_VOCAB).read(logits), 5, 0)
    assert found.tokens[: found.n_likeliest].tolist() == [5, 9]
    small = Distribution(3).read(np.array([1, 0, 1], np.float32))
    assert_whole(kept(small, 0, 0), small)


def assert_whole(found: Kept, p: Distribution) -> None:
    """Of a small vocabulary nothing is left out."""
    assert found.tokens.tolist() == [0, 2, 1]
    assert found.rest == 0
    q = Distribution(3).read(np.array([0, 1, 2], np.float32))
    assert found.kl(q) == pytest.approx(p.kl(q), rel=1e-12)
    assert found.kl_variance == 0
