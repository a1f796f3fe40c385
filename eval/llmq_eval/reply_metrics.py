"""The columns of generated replies: a row of REPLY_METRICS each, as in `metrics.METRICS`."""

import math
from collections.abc import Sequence

import numpy as np

from llmq_eval.intervals import NORMAL
from llmq_eval.metric import PERCENT, Metric, Unit, Values
from llmq_eval.statistics import Estimate, mean, ratio_of_sums

# What is kept of one dialogue: the tokens of both replies, whether each was still open at the
# limit, and whether both are the same.
REPLY = np.dtype(
    [("n_base", "i8"), ("n_quant", "i8"), ("open_base", "?"), ("open_quant", "?"), ("same", "?")]
)


def length_ratio(documents: Sequence[Values]) -> Estimate:
    """The tokens of all replies of QUANT by those of BASE."""
    quant = [document["n_quant"].sum().item() for document in documents]
    base = [document["n_base"].sum().item() for document in documents]
    return ratio_of_sums(quant, base)


def share(documents: Sequence[Values]) -> Estimate:
    """How many of the prompts, each of which is a yes or a no, with Wilson's interval.

    Unlike the jackknife's, it has a width where all say the same (Wilson 1927, Probable inference,
    the law of succession, and statistical inference).

    >>> none = share([np.array([False])] * 20)
    >>> none.value, none.low, round(none.high, 3)
    (0.0, 0.0, 0.161)
    """
    n = len(documents)
    value = sum(document.sum().item() for document in documents) / n
    if n < 2:
        return Estimate(value, None)
    error = math.sqrt(value * (1 - value) / (n - 1))
    z2 = NORMAL**2
    centre = (value + z2 / (2 * n)) / (1 + z2 / n)
    reach = math.sqrt(z2 * (value * (1 - value) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Estimate(value, error, max(0.0, centre - reach), min(1.0, centre + reach))


TOKENS = Unit(in_heading=" (tokens)")

REPLY_METRICS = (
    Metric(
        name="base_reply_tokens",
        title="mean reply",
        unit=TOKENS,
        digits=1,
        line="base",
        values=lambda replies: replies["n_base"],
        aggregate=mean,
        meaning="tokens of a reply of BASE, its end included",
        limits="A reply that is still open at the limit counts with the limit's tokens.",
    ),
    Metric(
        name="quant_reply_tokens",
        title="mean reply",
        unit=TOKENS,
        digits=1,
        line="quant",
        values=lambda replies: replies["n_quant"],
        aggregate=mean,
        meaning="tokens of a reply of QUANT, its end included",
        limits="As above.",
    ),
    Metric(
        name="reply_length_ratio",
        title="length ratio",
        digits=3,
        line="quant",
        values=lambda replies: replies,
        aggregate=length_ratio,
        meaning="tokens of all replies of QUANT by tokens of all replies of BASE",
        limits="1 says that QUANT writes as much, not that it writes the same, or anything good.",
    ),
    Metric(
        name="base_open_rate",
        title="not closed",
        unit=PERCENT,
        digits=1,
        line="base",
        values=lambda replies: replies["open_base"],
        aggregate=share,
        meaning="share of replies of BASE without an end within the limit of tokens",
        limits="It counts what was cut off at the limit, a loop as well as a long good answer.",
    ),
    Metric(
        name="quant_open_rate",
        title="not closed",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda replies: replies["open_quant"],
        aggregate=share,
        meaning="share of replies of QUANT without an end within the limit of tokens",
        limits="As above.",
    ),
    Metric(
        name="same_reply_rate",
        title="same reply",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda replies: replies["same"],
        aggregate=share,
        meaning="share of prompts to which both write the same tokens",
        limits="One changed choice changes all that follows: other words need not be worse words.",
    ),
)
