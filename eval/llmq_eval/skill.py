"""Skill: how many choices and problems each file has right, and what changed between the two.

A row of SKILL_METRICS for each figure, as in `metrics.METRICS`. What counts is one item, right or
wrong by either file; how much of the base's score is kept has the bounds of a test for pairs
(`gate.kept`), since both files answer the same items.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from llmq_eval.gate.kept import kept_ends
from llmq_eval.intervals import NORMAL
from llmq_eval.metric import PERCENT, Metric, Values, totals_of
from llmq_eval.reply_metrics import share
from llmq_eval.statistics import Estimate

ITEM = np.dtype([("base_right", "?"), ("quant_right", "?")])
NO_KNOWLEDGE = "It counts right answers, not good tutoring. Guessing has one of four choices right."


def kept(items: Sequence[Values]) -> Estimate:
    """What QUANT has right by what BASE has right."""
    every = np.concatenate(items)
    base, quant = every["base_right"], every["quant_right"]
    n_base, n_quant = int(base.sum()), int(quant.sum())
    if not n_base:
        return Estimate(math.nan, None)
    low, high = kept_ends(int((base & quant).sum()), n_quant, n_base, len(every), NORMAL)
    return Estimate(n_quant / n_base, None, low, high)


SKILL_METRICS = (
    Metric(
        name="base_accuracy",
        title="right",
        unit=PERCENT,
        digits=1,
        line="base",
        values=lambda item: item["base_right"],
        aggregate=share,
        meaning="share of items that BASE has right",
        limits=NO_KNOWLEDGE,
    ),
    Metric(
        name="quant_accuracy",
        title="right",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda item: item["quant_right"],
        aggregate=share,
        meaning="share of items that QUANT has right",
        limits=NO_KNOWLEDGE,
    ),
    Metric(
        name="accuracy_kept",
        title="kept",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda item: item,
        aggregate=kept,
        meaning="right answers of QUANT by right answers of BASE",
        limits="Where both guess, all is kept.",
    ),
    Metric(
        name="right_to_wrong",
        title="right to wrong",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda item: item["base_right"] & ~item["quant_right"],
        aggregate=share,
        meaning="share of items that BASE has right and QUANT wrong",
        limits="Some answers change by chance, in both directions.",
    ),
    Metric(
        name="wrong_to_right",
        title="wrong to right",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=lambda item: ~item["base_right"] & item["quant_right"],
        aggregate=share,
        meaning="share of items that BASE has wrong and QUANT right",
        limits="As above.",
    ),
)


def skill_totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Estimate]:
    """Every figure of SKILL_METRICS that these rows tell, by name.

    >>> row = {"base_right": 1, "quant_right": 1}
    >>> skill_totals([row, row | {"quant_right": 0}])["accuracy_kept"].value
    0.5
    """
    items = [np.array([(row["base_right"], row["quant_right"])], ITEM) for row in rows]
    found = totals_of(SKILL_METRICS, items)
    return {name: figure for name, figure in found.items() if not math.isnan(figure.value)}
