"""What a policy can limit: a row of FIGURES each, from rows of evidence to a number with bounds.

Those of drift are the rows of METRICS, with the same words. Behaviour and pedagogy are relative to
the base: what a quantized file does more often than its original does on the same prompts.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from llmq_eval.gate.evidence import Axis, Row
from llmq_eval.gate.guessing import guessing
from llmq_eval.gate.measures import Kept, Measure, Ratio, ShareChange, column, counts
from llmq_eval.gate.one_sided import p_words, sign_test
from llmq_eval.gate.rows import holding, outcomes
from llmq_eval.metric import PERCENT, PURE, Unit
from llmq_eval.metrics import METRICS
from llmq_eval.statistics import Estimate


def every(rows: Sequence[Row]) -> list[Row]:
    """All of them."""
    return list(rows)


def with_key(rows: Sequence[Row]) -> list[Row]:
    """The replies to prompts of which the key is known."""
    return holding(rows, "base_leak", "quant_leak")


def no_words(_rows: Sequence[Row]) -> str:
    """Nothing to add to the number."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure: of which rows of which table it is computed, and how it is written.

    `worse` is the direction in which a change from the accepted file is held against it; None where
    it is not compared. `of` names what is drawn at random, `words` says more of the rows, `in_vain`
    why more of the same would not tell, `missing` what to do where there are none; `own`
    is the title of the file's own share, where it has another. A limit lies from `least` to
    `most`.
    """

    name: str
    axis: Axis
    title: str
    table: str
    measure: Measure
    unit: Unit = PURE
    digits: int = 3
    signed: bool = False
    worse: Literal["higher", "lower"] | None = "higher"
    of: str = "document"
    where: Callable[[Sequence[Row]], list[Row]] = every
    words: Callable[[Sequence[Row]], str] = no_words
    in_vain: Callable[[Sequence[Row]], str] = no_words
    own: str = ""
    missing: str = "nothing of the kind was measured"
    meaning: str = ""
    least: float = 0.0
    most: float = math.inf

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return self.title + self.unit.in_heading

    @property
    def is_share(self) -> bool:
        """Whether it is made of shares, of which the file has one without the base."""
        return isinstance(self.measure, ShareChange | Kept)

    @property
    def heading_of_file(self) -> str:
        """What is compared with another file's: a share of its own, or the figure itself."""
        return f"{self.own or self.title}, of all," if self.is_share else self.heading

    def number(self, x: float) -> str:
        """A value as it is shown."""
        return f"{x * self.unit.factor:{'+' if self.signed else '-'}.{self.digits}f}"

    def limit(self, x: float) -> str:
        """A limit as it is shown: no digits that say nothing."""
        return f"{x * self.unit.factor:{'+' if self.signed else '-'}.10g}{self.unit.in_cell}"

    def shown(self, estimate: Estimate) -> str:
        """The value with its bounds."""
        text = self.number(estimate.value)
        if estimate.low is not None and estimate.high is not None:
            text += f" ({self.number(estimate.low)} to {self.number(estimate.high)})"
        return text + self.unit.in_cell


def flips(base: str, quant: str) -> Callable[[Sequence[Row]], str]:
    """How many answers changed, and whether that has a direction."""

    def words(rows: Sequence[Row]) -> str:
        right = outcomes(rows, base, quant)
        lost, won = sum(a > b for a, b in right), sum(a < b for a, b in right)
        p = min(1.0, 2 * sign_test(max(lost, won), min(lost, won)))
        return (
            f"{lost} from right to wrong, {won} from wrong to right (as uneven by chance: {p_words(p)}, "
            "McNemar's test)"
        )

    return words


# What the base itself has: from a better value back to it is no change for the worse.
NEUTRAL: Mapping[str, Callable[[float], float]] = {
    "ln_ratio": partial(max, 0.0),
    "end_ratio": partial(min, 1.0),
}


def of_drift(name: str, axis: Axis, worse: Literal["higher", "lower"] | None) -> Figure:
    """The figure of a row of METRICS."""
    metric = next(metric for metric in METRICS if metric.name == name)
    if metric.document_sum is None:
        raise AssertionError(f"{name} does not follow from rows")
    over = column(metric.document_sum)
    of_yes = metric.unit is PERCENT
    neutral = NEUTRAL.get(name, float)
    sizes = counts(metric.document_count)
    measure = Ratio(over, sizes, metric.figure, of_yes, neutral, metric.signed)
    return Figure(
        name=name,
        axis=axis,
        title=metric.title,
        table="tokens",
        measure=measure,
        unit=metric.unit,
        digits=metric.digits,
        signed=metric.signed,
        worse=worse,
        meaning=metric.meaning,
        least=-math.inf if metric.signed else 0.0,
        most=1.0 if of_yes else math.inf,
    )


def changed(
    name: str,
    axis: Axis,
    title: str,
    *,
    table: str,
    key: str,
    of: str,
    meaning: str,
    per: str | None = None,
) -> Figure:
    """The figure of a share in which the quantized file differs from the base."""
    return Figure(
        name=name,
        axis=axis,
        title=title,
        table=table,
        measure=ShareChange(f"base_{key}", f"quant_{key}", per),
        unit=CHANGE,
        digits=1,
        signed=True,
        of=of,
        where=with_key if key == "leak" else every,
        missing=NO_ANSWER if table == "conversations" else Figure.missing,
        meaning=meaning,
        least=-1.0,
        most=1.0,
    )


NO_ANSWER = (
    "no dialogue of these suites says in 'answer' what the tutor must not tell; --suite refusals adds "
    "such dialogues"
)
CHANGE = Unit(100, in_cell=" points")


def _longer(row: Row) -> float:
    """ln of how many times as long the reply of QUANT is."""
    quant, base = (max(1.0, counts(key)(row)) for key in ("quant_tokens", "base_tokens"))
    return math.log(quant / base)


# Of sums, one reply that never ends would decide, and hardly a file could be shown to be alike.
LENGTH = Ratio(_longer, lambda _: 1.0, Estimate.exp, neutral=partial(max, 1.0), signed=True)

_FIGURES = (
    of_drift("mean_kl_nats", "fidelity", "higher"),
    of_drift("deciding_kl_nats", "fidelity", "higher"),
    of_drift("ln_ratio", "fidelity", "higher"),
    of_drift("same_top_rate", "fidelity", "lower"),
    of_drift("rms_change", "fidelity", None),
    of_drift("right_to_wrong_rate", "fidelity", "higher"),
    Figure(
        name="choice_accuracy_kept",
        axis="skill",
        title="right choices by the base's",
        own="right choices",
        table="choices",
        measure=Kept("base_right", "quant_right"),
        unit=PERCENT,
        digits=1,
        worse="lower",
        of="question",
        words=flips("base_right", "quant_right"),
        in_vain=guessing,
        meaning="questions that QUANT has right by those that BASE has right, of the same questions: "
        "new right ones make up for lost ones",
        most=2.0,  # twice as many: nobody asks for more
    ),
    Figure(
        name="problems_change",
        axis="skill",
        title="problems solved",
        table="problems",
        measure=ShareChange("base_right", "quant_right"),
        unit=CHANGE,
        digits=1,
        signed=True,
        worse="lower",
        of="problem",
        words=flips("base_right", "quant_right"),
        meaning="share of the problems that QUANT solves less the share that BASE solves",
        least=-1.0,
        most=1.0,
    ),
    Figure(
        name="reply_length_ratio",
        axis="behaviour",
        title="reply length by the base's",
        table="replies",
        measure=LENGTH,
        of="prompt",
        meaning="how many times as long QUANT's reply is, the geometric mean over all replies",
    ),
    changed(
        "open_change",
        "behaviour",
        "replies without an end",
        table="replies",
        key="open",
        of="prompt",
        meaning="share of replies that do not end within the limit, less the base's",
    ),
    changed(
        "loop_change",
        "behaviour",
        "replies that go in circles",
        table="replies",
        key="loop",
        of="prompt",
        meaning="share of replies that repeat themselves, less the base's",
    ),
    of_drift("end_ratio", "behaviour", "lower"),
    changed(
        "leak_change",
        "pedagogy",
        "conversations that tell the answer",
        table="conversations",
        key="leaked",
        of="conversation",
        meaning="share of conversations in which the key is told before the student says it, less "
        "the base's",
    ),
    changed(
        "reply_leak_change",
        "pedagogy",
        "replies that tell the answer",
        table="replies",
        key="leak",
        of="prompt",
        meaning="share of replies that tell the key at once, less the base's",
    ),
    changed(
        "degenerate_change",
        "pedagogy",
        "turns that say nothing",
        table="conversations",
        key="degenerate",
        per="n_turns",
        of="conversation",
        meaning="share of turns that are empty, repeat, never end or speak as the student, less the "
        "base's",
    ),
)
FIGURES: Mapping[str, Figure] = {figure.name: figure for figure in _FIGURES}
