"""Two files measured on the same tokens: how much nearer to their base is one than the other?

What makes a document hard is hard for both files, so that the ratio of their means is known far
better than either mean. Each document is left out in turn of both sums (the jackknife, as in
`statistics.py`). How many standard errors the interval reaches follows from what is left of the one
file's values when the ratio times the other's is taken away, for that is what makes the ratio vary.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from llmq_eval.intervals import correlation_within, degrees_of_freedom, students_t
from llmq_eval.statistics import Estimate


def ratio_of_means(
    over: Sequence[npt.NDArray[Any]], under: Sequence[npt.NDArray[Any]]
) -> Estimate | None:
    """The mean of `over` by that of `under`: values of the same tokens, document by document.

    None where all of `under` is zero.

    >>> under = [np.array([0.2, 0.4]), np.array([0.1, 0.3])] * 20
    >>> ratio = ratio_of_means([values / 4 for values in under], under)
    >>> round(ratio.value, 6), round(ratio.standard_error, 6)
    (0.25, 0.0)
    """
    pairs = [(a, b) for a, b in zip(over, under, strict=True) if len(a)]
    above = np.array([a.sum() for a, _ in pairs], np.float64)
    below = np.array([b.sum() for _, b in pairs], np.float64)
    if not below.any():
        return None
    value = float(above.sum() / below.sum())
    left = below.sum() - below
    if not left.all():  # one document holds everything
        return Estimate(value, None)
    without = (above.sum() - above) / left
    error = math.sqrt(float(without.var()) * (len(pairs) - 1))
    reach = students_t(_degrees([a - value * b for a, b in pairs])) * error
    return Estimate(value, error, value - reach, value + reach)


def _degrees(documents: Sequence[npt.NDArray[Any]]) -> float:
    """Of as many equal documents the values of these would be worth."""
    counts = [len(values) for values in documents]
    sums = [values.sum().item() for values in documents]
    squares = [values.dot(values).item() for values in documents]
    return degrees_of_freedom(counts, correlation_within(sums, squares, counts))
