"""The columns of generated replies: a row of REPLY_METRICS each, as in `metrics.METRICS`.

A document is a prompt with all replies to it, greedy and sampled: they are not independent, so that
intervals go by prompts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, Literal

import numpy as np

from llmq_eval.intervals import NORMAL
from llmq_eval.metric import PERCENT, Metric, Tokens, Unit, Values
from llmq_eval.statistics import Estimate, ratio_of_sums

# What is kept of one reply to a prompt, as in its row.
REPLY = np.dtype(
    [
        (f"{side}_{name}", kind)
        for name, kind in (("tokens", "i8"), ("open", "?"), ("loop", "?"), ("leak", "?"))
        for side in ("base", "quant")
    ]
    + [(name, "?") for name in ("greedy", "has_key", "same", "same_first_sentence")]
)


def documents_of(rows: Sequence[Mapping[str, Any]]) -> list[Tokens]:
    """The rows of `replies.Replies`, prompt by prompt."""
    documents: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        told = {"greedy": row["mode"] == "greedy", "has_key": row["base_leak"] is not None}
        values = {**row, **told}
        documents.setdefault(row["id"], []).append(
            tuple(values[name] or 0 for name in REPLY.names or ())
        )
    return [np.array(replies, REPLY) for replies in documents.values()]


def length_ratio(documents: Sequence[Values]) -> Estimate:
    """The tokens of all replies of QUANT by those of BASE."""
    quant = [document["quant_tokens"].sum().item() for document in documents]
    base = [document["base_tokens"].sum().item() for document in documents]
    return ratio_of_sums(quant, base)


def share(documents: Sequence[Values]) -> Estimate:
    """How many of the replies, each of which is a yes or a no, with Wilson's interval.

    Several replies to a prompt count as one, or the interval would be too short. Unlike the
    jackknife's, it has a width where all say the same (Wilson 1927, Probable inference, the law of
    succession, and statistical inference).

    >>> none = share([np.array([False])] * 20)
    >>> none.value, none.low, round(none.high, 3)
    (0.0, 0.0, 0.161)
    """
    counted = [document for document in documents if len(document)]
    n = len(counted)
    value = sum(document.mean().item() for document in counted) / n
    if n < 2:
        return Estimate(value, None)
    error = math.sqrt(value * (1 - value) / (n - 1))
    z2 = NORMAL**2
    centre = (value + z2 / (2 * n)) / (1 + z2 / n)
    reach = math.sqrt(z2 * (value * (1 - value) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Estimate(value, error, max(0.0, centre - reach), min(1.0, centre + reach))


TOKENS = Unit(in_heading=" (tokens)")


def of_both(key: str, *, title: str, what: str, limits: str) -> tuple[Metric, Metric]:
    """The share of replies of which `key` holds: of BASE, and below it of QUANT."""

    def row(side: Literal["base", "quant"], limits: str) -> Metric:
        return Metric(
            name=f"{side}_{key}_rate",
            title=title,
            unit=PERCENT,
            digits=1,
            line=side,
            values=lambda replies: replies[f"{side}_{key}"],
            aggregate=share,
            meaning=f"share of replies of {side.upper()} {what}",
            limits=limits,
        )

    return row("base", limits), row("quant", "As above.")


def with_key(metric: Metric) -> Metric:
    """The same of those replies whose dialogue has an answer."""
    return replace(metric, values=lambda replies: metric.values(replies[replies["has_key"]]))


REPLY_METRICS = (
    Metric(
        name="base_reply_tokens",
        title="mean reply",
        unit=TOKENS,
        digits=1,
        line="base",
        values=itemgetter("base_tokens"),
        meaning="tokens of a reply of BASE, its end included",
        limits="A reply that is still open at the limit counts with the limit's tokens.",
    ),
    Metric(
        name="quant_reply_tokens",
        title="mean reply",
        unit=TOKENS,
        digits=1,
        line="quant",
        values=itemgetter("quant_tokens"),
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
    *of_both(
        "open",
        title="not closed",
        what="without an end within the limit of tokens",
        limits="It counts what was cut off at the limit, a loop as well as a long good answer.",
    ),
    *of_both(
        "loop",
        title="in circles",
        what="that repeat a passage or a sentence to the letter, again and again",
        limits="Circles in ever new words are not seen, nor those longer than the limit.",
    ),
    *map(
        with_key,
        of_both(
            "leak",
            title="answer told",
            what="that tell the dialogue's `answer`, of those to dialogues that have one",
            limits="It goes by rules on English text: an answer that is paraphrased is not seen, and "
            "now and then a number is taken for the answer that is none.",
        ),
    ),
    Metric(
        name="same_first_sentence_rate",
        title="same first sentence",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda replies: replies["same_first_sentence"][replies["greedy"]],
        aggregate=share,
        meaning="share of prompts to which both begin with the same sentence, greedily",
        limits="To the letter: other words need not be worse words.",
    ),
    Metric(
        name="same_reply_rate",
        title="same reply",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda replies: replies["same"][replies["greedy"]],
        aggregate=share,
        meaning="share of prompts to which both write the same tokens, greedily",
        limits="One changed choice changes all that follows: other words need not be worse words.",
    ),
)
