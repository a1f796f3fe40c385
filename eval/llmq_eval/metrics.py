"""The columns of drift: a row of METRICS each, from the values of single tokens to what is shown.

A metric takes the values of each scored token (`likelihood.TOKEN`), and its aggregate makes one
figure of them over all documents. The terminal's table, the totals and the sums of each document in
the JSON report and the table in eval/README.md all follow from the rows: a new column is a new row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, Literal

import numpy.typing as npt

from llmq_eval.likelihood import Tokens
from llmq_eval.statistics import Estimate, mean, percentile

Values = npt.NDArray[Any]  # (n_tokens,), float64 or bool
Line = Literal["base", "quant", "more", "report"]
HUGE = 1e5  # from here on a cell holds significant digits, not decimals
Aggregate = Callable[[Sequence[Values]], Estimate]  # of the values document by document


@dataclass(frozen=True)
class Unit:
    """How a quantity is written: a factor, and its unit in the heading or behind each number."""

    factor: int = 1
    in_heading: str = ""
    in_cell: str = ""


PURE, NATS, PERCENT = Unit(), Unit(in_heading=" (nats)"), Unit(100, in_cell=" %")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of drift.

    `name` is its key among the totals, `document_sum` the key of its sum over one document's tokens
    (None: no sum, or one that follows from other sums). `line` says where it is shown: in the
    table's line of the base or of each quantized file, in a table of further figures below it, or
    in the report alone. `meaning` and `limits` are what it is and what it does not tell.
    """

    name: str
    title: str
    unit: Unit = PURE
    digits: int
    signed: bool = False
    line: Line
    values: Callable[[Tokens], Values]
    aggregate: Aggregate
    document_sum: str | None = None
    meaning: str
    limits: str

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return self.title + self.unit.in_heading

    def total(self, documents: Sequence[Tokens]) -> Estimate:
        """The figure over all documents."""
        return self.aggregate([self.values(tokens) for tokens in documents])

    def cell(self, estimate: Estimate) -> str:
        """The estimate as the table shows it: value ± the reach of its 95 % interval.

        Of an interval that is not symmetric, it is the longer side.

        >>> METRICS[0].cell(Estimate(1.16134, 0.0044, 1.1526, 1.1702))
        '1.161 ± 0.009'
        """
        text = self._number(estimate.value, "+" if self.signed else "-")
        if estimate.margin is not None:
            text += f" ± {self._number(estimate.margin)}"
        return text + self.unit.in_cell

    def _number(self, value: float, sign: str = "-") -> str:
        shown = value * self.unit.factor
        return f"{shown:{sign}.{self.digits}f}" if abs(shown) < HUGE else f"{shown:{sign}.4g}"


def exp_of_mean(documents: Sequence[Values]) -> Estimate:
    """exp of the mean over all tokens."""
    return mean(documents).exp()


def kl_percentile(
    percent: float, *, title: str, meaning: str, limits: str, line: Line = "more"
) -> Metric:
    """The row of a percentile of KL."""
    return Metric(
        name=f"kl_p{percent:g}_nats".replace(".", ""),
        title=title,
        unit=NATS,
        digits=5,
        line=line,
        values=itemgetter("kl_nats"),
        aggregate=partial(percentile, percent=percent),
        meaning=meaning,
        limits=limits,
    )


METRICS = (
    Metric(
        name="base_perplexity",
        title="perplexity",
        digits=3,
        line="base",
        values=itemgetter("nll_base_nats"),
        aggregate=exp_of_mean,
        document_sum="nll_base_nats",
        meaning="exp of the mean of -ln p(token) by BASE",
        limits="Its size depends on the text and the tokenizer: compare it only within one suite and "
        "one vocabulary.",
    ),
    Metric(
        name="quant_perplexity",
        title="perplexity",
        digits=3,
        line="quant",
        values=itemgetter("nll_quant_nats"),
        aggregate=exp_of_mean,
        document_sum="nll_quant_nats",
        meaning="exp of the mean of -ln p(token) by QUANT",
        limits="A value below the base's is no gain in quality; it tends to be luck or a fit to the "
        "calibration's style.",
    ),
    Metric(
        name="ln_ratio",
        title="ln ratio",
        digits=5,
        signed=True,
        line="more",
        values=lambda tokens: tokens["nll_quant_nats"] - tokens["nll_base_nats"],
        aggregate=mean,
        meaning="ln(perplexity of QUANT / perplexity of BASE), the difference taken token by token",
        limits="Losses and gains cancel: it can be 0 for a model that has changed a lot.",
    ),
    Metric(
        name="mean_kl_nats",
        title="mean KL",
        unit=NATS,
        digits=5,
        line="quant",
        values=itemgetter("kl_nats"),
        aggregate=mean,
        document_sum="kl_nats",
        meaning="mean over tokens of KL(BASE ‖ QUANT) over the whole vocabulary, natural logarithm, "
        "float64",
        limits="The most sensitive column, and never negative. It lives in its tail: few tokens carry "
        'much of it. Below about 0.02 it says "closer to the original", not "better at tasks".',
    ),
    kl_percentile(
        50,
        title="KL, median",
        meaning="the KL(BASE ‖ QUANT) that every other token exceeds",
        limits="Nothing of the tail, in which most of the harm is done.",
        line="report",
    ),
    kl_percentile(
        99,
        title="KL, 99th percentile",
        meaning="the KL(BASE ‖ QUANT) that one token in a hundred exceeds",
        limits="Not how far beyond it those tokens lie. Of fewer than some hundred tokens it is little "
        "more than the largest.",
    ),
    kl_percentile(
        99.9,
        title="KL, 99.9th percentile",
        meaning="the KL(BASE ‖ QUANT) that one token in a thousand exceeds",
        limits="Of fewer than some thousand tokens it is little more than the largest. Its interval "
        "ends beyond the largest unless there are many documents, and is then left out.",
    ),
    Metric(
        name="same_top_rate",
        title="same top token",
        unit=PERCENT,
        digits=1,
        line="quant",
        values=itemgetter("same_top"),
        aggregate=mean,
        document_sum="same_top",
        meaning="share of tokens at which both files hold the same token likeliest; of equals the lower "
        "id counts",
        limits="A flip between two nearly equal words counts as much as a flip from right to wrong.",
    ),
)
