"""Means over tokens, and percentiles of them, with 95 % intervals over documents.

A mean over tokens is a ratio of two sums over documents: nats by tokens, agreements by tokens. The
tokens of one dialogue are not independent (same topic, same student, the same slip carried on), so
an error bar from tokens is 1.5 to 3 times too small. The unit drawn at random is the document,
hence the delete-one-document jackknife: leave each document out in turn, recompute the ratio, and
look at the spread (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 11). It
follows the bootstrap closely for smooth statistics such as these, has a closed form, and needs no
random numbers, so the same documents always give the same digits.

The interval is t standard errors to either side, with as many degrees of freedom as documents of
such different lengths are worth (`intervals.py`). A percentile has no jackknife (Efron & Tibshirani
1993, section 11.6), but the share of the tokens above it is a mean as any other, and the ends of
that share's interval, looked up among the tokens, are the percentile's (Woodruff 1952, Confidence
intervals for medians and other position measures). How often the intervals hold what they should,
`scripts/check-intervals` counts.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from llmq_eval.intervals import correlation_within, degrees_of_freedom, students_t

FEW_DOCUMENTS = 40  # with 30, `scripts/check-intervals` finds intervals that hold in 91 %


def exp_or_inf(x: float) -> float:
    """e^x, and inf where it leaves the numbers.

    >>> exp_or_inf(710)
    inf
    """
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class Estimate:
    """A value, its standard error over documents, and the ends of its 95 % interval.

    What is None is not known: with fewer than two documents nothing but the value is, and of a
    percentile no standard error.
    """

    value: float
    standard_error: float | None
    low: float | None = None
    high: float | None = None

    @property
    def margin(self) -> float | None:
        """The longer way from the value to an end of its interval, which may be lopsided."""
        if self.low is None or self.high is None or not math.isfinite(self.value):
            return None
        return max(self.value - self.low, self.high - self.value)

    def exp(self) -> "Estimate":
        """e^value: ends go with it, the standard error by the delta method.

        >>> Estimate(0.0, 0.1, -0.25, 0.25).exp()
        Estimate(value=1.0, standard_error=0.1, low=0.77..., high=1.28...)
        """
        value, error = exp_or_inf(self.value), self.standard_error
        low, high = (end if end is None else exp_or_inf(end) for end in (self.low, self.high))
        return Estimate(value, error and value * error, low, high)  # inf * 0 would be nan

    def sqrt(self) -> "Estimate":
        """The root: ends go with it (none lies below 0), the standard error by the delta method.

        >>> Estimate(0.04, 0.004, 0.01, 0.09).sqrt()
        Estimate(value=0.2, standard_error=0.01, low=0.1, high=0.3)
        """
        value, error = math.sqrt(self.value), self.standard_error
        low, high = (
            end if end is None else math.sqrt(max(0.0, end)) for end in (self.low, self.high)
        )
        return Estimate(value, error and error / (2 * value), low, high)

    def as_json(self) -> dict[str, float | None]:
        """Its fields; None also for what is beyond all numbers, as JSON has no infinity."""
        fields = asdict(self)
        return {name: x if x is None or math.isfinite(x) else None for name, x in fields.items()}


def ratio_of_sums(
    sums: Sequence[float], counts: Sequence[int], *, correlation: float = 1.0
) -> Estimate:
    """sum(sums) / sum(counts) over documents, with its jackknife standard error.

    `correlation` is that of the counted within a document, see `intervals.degrees_of_freedom`.

    >>> ratio_of_sums([1.0, 2.0, 3.0], [10, 10, 10])
    Estimate(value=0.2, standard_error=0.0577..., low=-0.04..., high=0.44...)
    """
    pairs = [(s, n) for s, n in zip(sums, counts, strict=True) if n > 0]
    total, tokens, n_documents = math.fsum(s for s, _ in pairs), sum(counts), len(pairs)
    value = total / tokens
    if n_documents < 2:
        return Estimate(value, None)
    without = [(total - s) / (tokens - n) for s, n in pairs]
    centre = math.fsum(without) / n_documents
    spread = math.fsum((w - centre) ** 2 for w in without)
    error = math.sqrt(spread * (n_documents - 1) / n_documents)
    reach = students_t(degrees_of_freedom([n for _, n in pairs], correlation)) * error
    return Estimate(value, error, value - reach, value + reach)


def mean(documents: Sequence[npt.NDArray[Any]]) -> Estimate:
    """The mean over the tokens of all documents; its error and interval over documents.

    >>> mean([np.array([0.0, 1.0]), np.array([1.0])] * 20).value
    0.666...
    """
    values = [document.astype(np.float64) for document in documents if len(document)]
    sums, counts = [v.sum().item() for v in values], [len(v) for v in values]
    with np.errstate(over="ignore"):  # of a loss beyond all measure, the square is infinite
        squares = [v.dot(v).item() for v in values]
    return ratio_of_sums(sums, counts, correlation=correlation_within(sums, squares, counts))


def percentile(documents: Sequence[npt.NDArray[np.float64]], percent: float) -> Estimate:
    """A percentile over all tokens, linear between neighbours (Hyndman & Fan 1996, definition 7).

    Where an end of the interval lies beyond the outermost token, both are unknown.

    >>> percentile([np.arange(100.0)] * 40, 50)
    Estimate(value=49.5, standard_error=None, low=49.0, high=50.0)
    """
    tokens = np.sort(np.concatenate(documents))
    value = float(np.percentile(tokens, percent))
    # Of tokens that equal the value, all or none lie above it: the less certain share counts.
    shares = (
        mean([beyond(document, value) for document in documents])
        for beyond in (np.greater, np.greater_equal)
    )
    margins = [share.margin for share in shares if share.margin is not None]
    if not margins:
        return Estimate(value, None)
    rank, reach = (len(tokens) - 1) * percent / 100, len(tokens) * max(margins)
    first, last = math.floor(rank - reach), math.ceil(rank + reach)
    if first < 0 or last >= len(tokens):
        return Estimate(value, None)
    return Estimate(value, None, float(tokens[first]), float(tokens[last]))


def few_documents(n_documents: int) -> str | None:
    """A warning where the documents are too few for the intervals to keep their word.

    >>> few_documents(20)
    'only 20 documents carry these figures: with fewer than 40, 95 % intervals may be too short'
    >>> few_documents(1)
    'a single document carries these figures: there are no intervals'
    >>> few_documents(40)
    """
    if n_documents == 1:
        return "a single document carries these figures: there are no intervals"
    if n_documents >= FEW_DOCUMENTS:
        return None
    return (
        f"only {n_documents} documents carry these figures: with fewer than {FEW_DOCUMENTS}, "
        "95 % intervals may be too short"
    )
