"""The jackknife against what it must equal: the classical error of a mean, and the bootstrap."""

import math
import statistics
from random import Random

import numpy as np
import pytest

from llmq_eval.statistics import Estimate, few_documents, percentile, ratio_of_sums


def test_with_documents_of_one_length_it_is_the_classical_standard_error() -> None:
    sums = [1.0, 4.0, 2.0, 8.0, 5.0]
    estimate = ratio_of_sums(sums, [1] * 5)
    assert estimate.value == pytest.approx(4.0)
    assert estimate.standard_error == pytest.approx(statistics.stdev(sums) / math.sqrt(5))


def test_it_agrees_with_a_bootstrap_over_documents() -> None:
    rng = Random(4)
    counts = [rng.randrange(20, 300) for _ in range(80)]
    sums = [n * rng.gauss(2.0, 0.5) for n in counts]
    again = []
    for _ in range(4000):
        drawn = rng.choices(range(80), k=80)
        again.append(sum(sums[i] for i in drawn) / sum(counts[i] for i in drawn))
    assert ratio_of_sums(sums, counts).standard_error == pytest.approx(
        statistics.stdev(again), rel=0.1
    )


def test_documents_without_tokens_change_nothing() -> None:
    assert ratio_of_sums([1.0, 0.0, 2.0], [4, 0, 5]) == ratio_of_sums([1.0, 2.0], [4, 5])


def test_one_document_has_neither_error_nor_interval() -> None:
    assert ratio_of_sums([3.0], [6]) == Estimate(0.5, None, None, None)
    assert Estimate(0.0, None).exp() == Estimate(1.0, None, None, None)
    assert percentile([np.arange(9.0)], 50) == Estimate(4.0, None, None, None)


def test_with_documents_of_one_length_the_interval_is_the_classical_one() -> None:
    sums = [float(x) for x in range(11)]
    estimate = ratio_of_sums(sums, [1] * 11)
    reach = 2.2281 * statistics.stdev(sums) / math.sqrt(11)  # t of 10 degrees, from any table
    assert (estimate.low, estimate.high) == pytest.approx((5 - reach, 5 + reach), rel=1e-4)
    assert estimate.margin == pytest.approx(reach, rel=1e-4)


def test_of_a_lopsided_interval_the_longer_side_counts() -> None:
    assert Estimate(1.0, None, 0.5, 3.0).margin == 2.0
    assert Estimate(1.0, None, -3.0, 2.0).margin == 4.0


def test_zeros_stay_exactly_zero() -> None:
    zeros = ratio_of_sums([0.0] * 7, [3, 5, 7, 11, 13, 17, 19])
    assert zeros == Estimate(0.0, 0.0, 0.0, 0.0)


def test_what_is_beyond_all_numbers_is_infinite_and_null_in_json() -> None:
    huge = Estimate(800.0, 1.0, 700.0, 900.0).exp()
    assert (huge.value, huge.standard_error, huge.high) == (math.inf,) * 3
    assert huge.margin is None
    assert huge.as_json() == {
        "value": None,
        "standard_error": None,
        "low": math.exp(700),
        "high": None,
    }
    assert Estimate(800.0, 0.0, 800.0, 800.0).exp().standard_error == 0.0


def test_a_percentile_lies_within_its_interval_or_has_none() -> None:
    rng = np.random.default_rng(6)
    documents = [rng.exponential(size=50) for _ in range(40)]
    for percent in (10, 50, 90, 99):
        found = percentile(documents, percent)
        assert found.value == np.percentile(np.concatenate(documents), percent)
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.value < found.high
    assert percentile(documents[:3], 99.9).low is None


def test_a_percentile_that_several_tokens_share_is_not_certain_for_that() -> None:
    documents = [np.arange(20.0) for _ in range(40)]
    for document in documents[:2]:
        document[0] = 100.0  # the same words twice: nothing lies above, and yet more might
    assert percentile(documents, 99.9) == Estimate(100.0, None)
    assert percentile([np.zeros(20)] * 40, 99.9) == Estimate(0.0, None, 0.0, 0.0)


def test_few_documents_are_warned_of() -> None:
    assert "20 documents" in (few_documents(20) or "")
    assert few_documents(40) is None
