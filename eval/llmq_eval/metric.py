"""What a figure is: from the values of single tokens, or from sums of documents, to a cell.

Nearly every figure is a mean over tokens, perhaps with its exponential or its root taken. So it
follows from two numbers of each document, a sum and a count, and recorded rows of these are worth
as much as the tokens: `Metric.of_rows`. Percentiles need the tokens.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from llmq_eval.statistics import Estimate, mean, ratio_of_sums

Tokens = npt.NDArray[Any]  # (n,) of what is kept of each token, reply or item
Values = npt.NDArray[Any]  # (n,), float64 or bool
Line = Literal["base", "quant", "more", "deciding", "report"]
HUGE = 1e5  # from here on a cell holds significant digits, not decimals
ALL_TOKENS = "n_tokens"
Aggregate = Callable[[Sequence[Values]], Estimate]  # of the values document by document


@dataclass(frozen=True)
class Unit:
    """How a quantity is written: a factor, and its unit in the heading or behind each number."""

    factor: int = 1
    in_heading: str = ""
    in_cell: str = ""


PURE, NATS, PERCENT = Unit(), Unit(in_heading=" (nats)"), Unit(100, in_cell=" %")


def as_it_is(estimate: Estimate) -> Estimate:
    """The mean itself is the figure."""
    return estimate


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of drift.

    `values` are those of the tokens that count, `document_sum` and `document_count` the keys of
    their sum and number in a document's row (None: no sum), `figure` makes of the mean what is
    shown. `name` is the key among the totals. `line` says where it is shown: in the table's line of
    the base or of each quantized file, in a table of further figures or of deciding tokens below
    it, or in the report alone. `meaning` and `limits` are what it is and what it does not tell.
    """

    name: str
    title: str
    unit: Unit = PURE
    digits: int
    signed: bool = False
    line: Line
    values: Callable[[Tokens], Values]
    aggregate: Aggregate = mean
    figure: Callable[[Estimate], Estimate] = as_it_is
    document_sum: str | None = None
    document_count: str = ALL_TOKENS
    meaning: str
    limits: str

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return self.title + self.unit.in_heading

    def total(self, documents: Sequence[Tokens]) -> Estimate | None:
        """The figure over all documents; None where no token counts."""
        values = [self.values(tokens) for tokens in documents]
        return self.figure(self.aggregate(values)) if any(map(len, values)) else None

    def sums(self, tokens: Tokens) -> dict[str, float]:
        """The sum and the count of one document, by their keys."""
        if self.document_sum is None:
            return {}
        values = self.values(tokens)
        return {self.document_sum: values.sum().item(), self.document_count: len(values)}

    def of_rows(self, rows: Sequence[Mapping[str, Any]]) -> Estimate | None:
        """The figure from recorded rows, one a document; None where no row counts.

        None also of a percentile, which rows do not hold. The value is that of `total`. Its
        interval may be a little wider: how alike the tokens of a document are, sums do not tell.
        """
        if self.document_sum is None:
            return None
        sums = [float(row[self.document_sum]) for row in rows]
        counts = [int(row[self.document_count]) for row in rows]
        return self.figure(ratio_of_sums(sums, counts)) if any(counts) else None

    def cell(self, estimate: Estimate) -> str:
        """The estimate as the table shows it: value ± the reach of its 95 % interval.

        Of an interval that is not symmetric, it is the longer side.

        >>> kl = Metric(
        ...     name="kl", title="KL", digits=3, line="more", values=abs, meaning="", limits=""
        ... )
        >>> kl.cell(Estimate(1.16134, 0.0044, 1.1526, 1.1702))
        '1.161 ± 0.009'
        """
        text = self._number(estimate.value, "+" if self.signed else "-")
        if estimate.margin is not None:
            text += f" ± {self._number(estimate.margin)}"
        return text + self.unit.in_cell

    def _number(self, value: float, sign: str = "-") -> str:
        shown = value * self.unit.factor
        return f"{shown:{sign}.{self.digits}f}" if abs(shown) < HUGE else f"{shown:{sign}.4g}"


def totals_of(metrics: Sequence[Metric], documents: Sequence[Tokens]) -> dict[str, Estimate]:
    """Every figure that some token counts for, by name."""
    found = {metric.name: metric.total(documents) for metric in metrics}
    return {name: estimate for name, estimate in found.items() if estimate is not None}


def document_row(metrics: Sequence[Metric], tokens: Tokens) -> dict[str, float]:
    """Every sum and count of one document."""
    row: dict[str, float] = {ALL_TOKENS: len(tokens)}
    with np.errstate(over="ignore"):  # of losses beyond all measure
        for metric in metrics:
            row |= metric.sums(tokens)
    return row
