"""Means over tokens with standard errors over documents.

Every figure of drift is a ratio of two sums over documents: nats by tokens, agreements by tokens. The
tokens of one dialogue are not independent (same topic, same student, the same slip carried on), so an
error bar from tokens is 1.5 to 3 times too small. The unit drawn at random is the document, hence the
delete-one-document jackknife: leave each document out in turn, recompute the ratio, and look at the
spread (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 11). It follows the
bootstrap closely for smooth statistics such as these, has a closed form, and needs no random numbers,
so the same documents always give the same digits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value and its standard error; None where fewer than two documents carry it."""

    value: float
    standard_error: float | None

    def exp(self) -> "Estimate":
        """The exponential; its standard error by the delta method."""
        value = math.exp(self.value)
        return Estimate(value, None if self.standard_error is None else value * self.standard_error)


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
