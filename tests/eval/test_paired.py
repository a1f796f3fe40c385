"""The ratio of two files' means: against the bootstrap, and whether intervals hold the truth."""

import statistics
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq_eval.paired import ratio_of_means
from llmq_eval.statistics import mean

Values = list[NDArray[np.float64]]
TRUTH = 0.3


def two_files(seed: int, n: int = 60) -> tuple[Values, Values]:
    """KL of two files on the same documents, hard and easy ones; the means' ratio is TRUTH."""
    rng = np.random.default_rng(seed)
    over, under = [], []
    for _ in range(n):
        n_tokens = int(rng.integers(20, 200))
        hard = rng.lognormal(-2, 0.7)  # for both files
        tokens = hard * rng.gamma(0.4, 2.5, n_tokens)
        own = rng.lognormal(-0.02, 0.2)  # the first file's luck with this document; its mean is 1
        over.append(TRUTH * own * tokens * rng.gamma(2.0, 0.5, n_tokens))
        under.append(tokens)
    return over, under


def test_it_is_the_ratio_of_the_two_means() -> None:
    over, under = two_files(1)
    ratio = ratio_of_means(over, under)
    assert ratio is not None
    assert ratio.value == pytest.approx(mean(over).value / mean(under).value, rel=1e-12)


def test_it_agrees_with_a_bootstrap_over_documents() -> None:
    over, under = two_files(2)
    above, below = ([float(each.sum()) for each in values] for values in (over, under))
    rng, again = Random(4), []
    for _ in range(4000):
        drawn = rng.choices(range(len(above)), k=len(above))
        again.append(sum(above[i] for i in drawn) / sum(below[i] for i in drawn))
    ratio = ratio_of_means(over, under)
    assert ratio is not None
    assert ratio.standard_error == pytest.approx(statistics.stdev(again), rel=0.1)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for seed in range(300):
        ratio = ratio_of_means(*two_files(seed))
        assert ratio is not None
        assert ratio.low is not None
        assert ratio.high is not None
        held += ratio.low <= TRUTH <= ratio.high
    assert 0.91 <= held / 300 <= 0.98


def test_what_is_hard_for_both_files_does_not_blur_the_ratio() -> None:
    over, under = two_files(3)
    ratio, first, second = ratio_of_means(over, under), mean(over), mean(under)
    assert ratio is not None
    errors = [each.standard_error or 0.0 for each in (ratio, first, second)]
    shares = [e / each.value for e, each in zip(errors, (ratio, first, second), strict=True)]
    assert shares[0] < 0.4 * (shares[1] ** 2 + shares[2] ** 2) ** 0.5


def test_documents_without_tokens_change_nothing() -> None:
    over, under = two_files(5, n=10)
    none = np.empty(0)
    assert ratio_of_means([*over, none], [*under, none]) == ratio_of_means(over, under)


def test_what_cannot_be_known_is_none() -> None:
    zeros, ones = np.zeros(3), np.ones(3)
    assert ratio_of_means([ones, ones], [zeros, zeros]) is None
    single = ratio_of_means([ones], [2 * ones])
    assert single is not None
    assert (single.value, single.standard_error, single.low) == (0.5, None, None)
    assert ratio_of_means([ones, ones], [2 * ones, zeros]) == ratio_of_means([2 * ones], [2 * ones])
