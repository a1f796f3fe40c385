"""The jackknife against what it must equal: the classical error of a mean, and the bootstrap."""

import math
import statistics
from random import Random

import pytest

from llmq_eval.statistics import Estimate, ratio_of_sums


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


def test_one_document_has_no_standard_error() -> None:
    assert ratio_of_sums([3.0], [6]) == Estimate(0.5, None)
    assert Estimate(0.0, None).through(math.exp, slope=math.exp) == Estimate(1.0, None)


def test_the_delta_method_follows_the_slope_whatever_its_sign() -> None:
    inverse = Estimate(2.0, 0.1).through(lambda x: 1 / x, slope=lambda x: -1 / x**2)
    assert inverse == Estimate(0.5, 0.025)
    root = Estimate(0.0, 0.0).through(math.sqrt, slope=lambda x: 0.5 / math.sqrt(x))
    assert root == Estimate(0.0, 0.0)


def test_zeros_stay_exactly_zero() -> None:
    assert ratio_of_sums([0.0] * 7, [3, 5, 7, 11, 13, 17, 19]) == Estimate(0.0, 0.0)
