"""Means over tokens with standard errors over documents.

A mean over tokens is a ratio of two sums over documents: nats by tokens, agreements by tokens. The
tokens of one dialogue are not independent (same topic, same student, the same slip carried on), so
an error bar from tokens is 1.5 to 3 times too small. The unit drawn at random is the document,
hence the delete-one-document jackknife: leave each document out in turn, recompute the ratio, and
look at the spread (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 11). It
follows the bootstrap closely for smooth statistics such as these, has a closed form, and needs no
random numbers, so the same documents always give the same digits.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value and its standard error.

    The error is None where fewer than two documents carry the value, or where the jackknife does
    not hold for it (a percentile).
    """

    value: float
    standard_error: float | None

    def through(
        self, function: Callable[[float], float], *, slope: Callable[[float], float]
    ) -> "Estimate":
        """function(value), where `slope` is its derivative; the standard error by the delta method.

        >>> Estimate(4.0, 0.2).through(math.sqrt, slope=lambda x: 0.5 / math.sqrt(x))
        Estimate(value=2.0, standard_error=0.05)
        """
        error = self.standard_error  # at an error of 0 the slope may be infinite
        return Estimate(function(self.value), error and abs(slope(self.value)) * error)


def ratio_of_sums(sums: Sequence[float], counts: Sequence[int]) -> Estimate:
    """sum(sums) / sum(counts) over documents, with its jackknife standard error.

    >>> ratio_of_sums([1.0, 2.0, 3.0], [10, 10, 10])
    Estimate(value=0.2, standard_error=0.0577...)
    """
    pairs = [(s, n) for s, n in zip(sums, counts, strict=True) if n > 0]
    total, tokens, n_documents = math.fsum(s for s, _ in pairs), sum(counts), len(pairs)
    if n_documents < 2:
        return Estimate(total / tokens, None)
    without = [(total - s) / (tokens - n) for s, n in pairs]
    centre = math.fsum(without) / n_documents
    spread = math.fsum((w - centre) ** 2 for w in without)
    return Estimate(total / tokens, math.sqrt(spread * (n_documents - 1) / n_documents))
