"""Intervals against published values of t, and against how often they hold the truth."""

import math
from random import Random

import numpy as np
import pytest

from llmq_eval.intervals import NORMAL, degrees_of_freedom, students_t
from llmq_eval.statistics import percentile, ratio_of_sums

SUITES = 2000


@pytest.mark.parametrize(
    ("degrees", "t"), [(2, 4.3027), (3, 3.1824), (5, 2.5706), (10, 2.2281), (30, 2.0423)]
)
def test_t_is_that_of_the_tables(degrees: int, t: float) -> None:
    assert students_t(degrees) == pytest.approx(t, rel=0.01 if degrees < 4 else 2e-4)


def test_many_degrees_are_the_normal_distribution() -> None:
    assert students_t(1e9) == pytest.approx(NORMAL)


def test_unequal_lengths_are_worth_fewer_documents() -> None:
    assert degrees_of_freedom([5] * 30) == pytest.approx(29)
    assert 3 < degrees_of_freedom([1000] * 5 + [10] * 30) < 5
    assert degrees_of_freedom([9]) == 1


def dialogues(rng: Random, n: int) -> tuple[list[float], list[int]]:
    """Sums of a loss over dialogues: one in twelve is long, and each has its own level."""
    counts = [
        round(rng.lognormvariate(6.0 if rng.random() < 1 / 12 else 4.0, 0.4)) for _ in range(n)
    ]
    levels = [rng.lognormvariate(-0.08, 0.4) for _ in range(n)]  # their mean is 1
    return [n * x * rng.gauss(1, n**-0.5) for n, x in zip(counts, levels, strict=True)], counts


@pytest.mark.parametrize("n_documents", [40, 80])
def test_nineteen_in_twenty_intervals_hold_the_truth(n_documents: int) -> None:
    rng = Random(n_documents)
    hits = tokens_alone = 0
    for _ in range(SUITES):
        sums, counts = dialogues(rng, n_documents)
        found = ratio_of_sums(sums, counts)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 1 <= found.high
        tokens_alone += abs(found.value - 1) <= NORMAL / math.sqrt(sum(counts))
    assert 0.93 <= hits / SUITES <= 0.97
    assert tokens_alone / SUITES < 0.8  # what counting tokens would promise


@pytest.mark.parametrize("percent", [50, 99])
def test_nineteen_in_twenty_intervals_hold_a_percentile(percent: int) -> None:
    rng = np.random.default_rng(percent)
    levels, noise = rng.normal(0, 0.5, (SUITES, 40, 1)), rng.normal(0, 1, (SUITES, 40, 60))
    truth = {50: 0.0, 99: 2.32635}[percent] * math.sqrt(1.25)
    hits = 0
    for suite in levels + noise:
        found = percentile(list(suite), percent)
        hits += (
            found.low is not None and found.high is not None and found.low <= truth <= found.high
        )
    assert 0.93 <= hits / SUITES <= 0.97
