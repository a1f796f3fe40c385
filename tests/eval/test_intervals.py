"""Intervals against published values of t, and against how often they hold the truth."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from llmq_eval.intervals import NORMAL, correlation_within, degrees_of_freedom, students_t
from llmq_eval.statistics import mean, percentile

SUITES = 2000
LONG_LEVEL, SHORT_LEVEL = 0.85, 1.1
LONG_SHARE, SHORT_SHARE = math.exp(6.08) / 12, 11 * math.exp(4.08) / 12  # of the tokens, as 36 : 54
TRUTH = (LONG_SHARE * LONG_LEVEL + SHORT_SHARE * SHORT_LEVEL) / (LONG_SHARE + SHORT_SHARE)


@pytest.mark.parametrize(
    ("degrees", "t"), [(2, 4.3027), (3, 3.1824), (5, 2.5706), (10, 2.2281), (30, 2.0423)]
)
def test_t_is_that_of_the_tables(degrees: int, t: float) -> None:
    assert students_t(degrees) == pytest.approx(t, rel=0.01 if degrees < 4 else 2e-4)


def test_many_degrees_are_the_normal_distribution() -> None:
    assert students_t(1e9) == pytest.approx(NORMAL)


def test_unequal_lengths_are_worth_fewer_documents() -> None:
    assert degrees_of_freedom([5] * 30, 0.2) == pytest.approx(29)
    few, many = (degrees_of_freedom([1000] * 5 + [10] * 30, r) for r in (1, 0))
    assert 4 < few < many < 5
    assert degrees_of_freedom([9], 1) == 1


@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.7])
def test_the_correlation_within_documents_is_found(correlation: float) -> None:
    rng = np.random.default_rng(5)
    counts = rng.integers(5, 60, 2000)
    values = [
        rng.normal(3, correlation**0.5) + rng.normal(0, (1 - correlation) ** 0.5, n) for n in counts
    ]
    sums, squares = [v.sum() for v in values], [(v * v).sum() for v in values]
    found = correlation_within(sums, squares, counts.tolist())
    assert found == pytest.approx(correlation, abs=0.02)


def dialogues(rng: np.random.Generator, n: int) -> list[npt.NDArray[np.float64]]:
    """The tokens' losses in dialogues, each of its own level; one in twelve is of a longer kind.

    Where the long ones have the level of the short, intervals are too wide: 98 % hold, not 95.
    """
    long = rng.random(n) < 1 / 12
    sizes = rng.lognormal(np.where(long, 6.0, 4.0), 0.4).round().astype(int)
    levels = rng.lognormal(-0.02, 0.2, n) * np.where(long, LONG_LEVEL, SHORT_LEVEL)
    return [rng.normal(level, 1, max(size, 1)) for level, size in zip(levels, sizes, strict=True)]


@pytest.mark.parametrize("n_documents", [40, 80])
def test_nineteen_in_twenty_intervals_hold_the_truth(n_documents: int) -> None:
    rng = np.random.default_rng(n_documents)
    hits = tokens_alone = 0
    for _ in range(SUITES):
        documents = dialogues(rng, n_documents)
        found = mean(documents)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= TRUTH <= found.high
        tokens_alone += abs(found.value - TRUTH) <= NORMAL / math.sqrt(sum(map(len, documents)))
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
