"""The verdict on a quantized file: how far it is from its base, how sure that is, in a sentence.

The class follows from mean KL alone, the most sensitive figure, by the thresholds of GRADES. What
they stand on is told in eval/README.md ("The verdict"). Where the 95 % interval reaches into other
classes, the sentence names them too. It speaks of distance: a close file is close, not good.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llmq.spelling import counted
from llmq_eval.statistics import FEW_DOCUMENTS, Estimate

if TYPE_CHECKING:
    from llmq_eval.drift import Drift


@dataclass(frozen=True)
class Grade:
    """A class of distance: mean KL below `below` nats is called `word`; `link` leads to the base.

    `meaning` is what someone who gives the file to students may expect.
    """

    below: float
    word: str
    link: str
    meaning: str


GRADES = (
    Grade(
        0.005,
        "practically the same",
        "as",
        "Many replies are the same to the letter.",
    ),
    Grade(
        0.02,
        "very close",
        "to",
        "Replies are worded differently here and there and mostly say the same.",
    ),
    Grade(
        0.1,
        "close",
        "to",
        "Replies are worded differently and now and then say something else: read some with --show.",
    ),
    Grade(
        0.25,
        "noticeably changed",
        "from",
        "Replies say other things, with mistakes of their own: read many with --show, or take a larger file.",
    ),
    Grade(
        math.inf,
        "far",
        "from",
        "Replies often go astray or find no end: take a larger file.",
    ),
)
IDENTICAL = Grade(0.0, "identical", "to", "Every token's probabilities are the same.")


@dataclass(frozen=True)
class Verdict:
    """`word` is the class, `perhaps` the classes into which the interval reaches besides."""

    word: str
    perhaps: tuple[str, ...]
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Its row in the report, where the word is called `class`."""
        return {"class": self.word} | {k: v for k, v in asdict(self).items() if k != "word"}


def grade_of(nats: float) -> Grade:
    """The class of a mean KL.

    >>> [grade_of(nats).word for nats in (0.0, 0.02, 5.0)]
    ['practically the same', 'close', 'far']
    """
    return next(grade for grade in GRADES if nats < grade.below or grade is GRADES[-1])


def verdict(drift: "Drift") -> Verdict:
    """The class and the sentence of a drift."""
    kl = drift.totals["mean_kl_nats"]
    grade = IDENTICAL if _is_identical(drift) else grade_of(kl.value)
    others = () if grade is IDENTICAL else tuple(_reached(kl, grade))
    n = sum(len(document.tokens) > 0 for document in drift.documents)
    sentence = " ".join(_parts(drift, grade, others, n))
    return Verdict(grade.word, tuple(other.word for other in others), sentence)


def _is_identical(drift: "Drift") -> bool:
    return all(
        not document.tokens["kl_nats"].any()
        and document.tokens["same_top"].all()
        and np.array_equal(document.tokens["nll_base_nats"], document.tokens["nll_quant_nats"])
        for document in drift.documents
    )


def _reached(kl: Estimate, grade: Grade) -> Iterator[Grade]:
    """The other classes between the ends of the interval."""
    if kl.low is None or kl.high is None:
        return
    first, last = (GRADES.index(grade_of(end)) for end in (kl.low, kl.high))
    yield from (other for other in GRADES[first : last + 1] if other is not grade)


def _parts(drift: "Drift", grade: Grade, others: tuple[Grade, ...], n: int) -> Iterator[str]:
    """The sentences: the verdict with its figures, what it means, how sure it is."""
    where = f"on {counted(n, drift.unit)} of {drift.suite_name}"
    head = f"{drift.quant.name} is {grade.word} {grade.link} {drift.base.name}"
    if grade is IDENTICAL:
        yield f"{head}: every token's probabilities are the same, {where}."
        return
    perhaps = f", perhaps {' or '.join(other.word for other in others)}" if others else ""
    top, kl = drift.totals["same_top_rate"], drift.totals["mean_kl_nats"]
    yield (
        f"{head}{perhaps}: at {_with_ends(top, _places(top), ' of 100 places')} it would say the same "
        f"next word, mean KL {_with_ends(kl, significant, ' nats')}, {where}."
    )
    if drift.unit == "dialogue":  # of which there are replies
        yield grade.meaning
    if n < 2:
        yield f"A single {drift.unit} is a hint, no more."
    elif others:
        yield f"More {drift.unit}s would tell."
    elif n < FEW_DOCUMENTS:
        yield f"{n} {drift.unit}s are few: a first look."


def _places(share: Estimate) -> Callable[[float], str]:
    """How shares are written as places of 100: whole ones unless nearly all agree."""
    digits = 0 if share.value < 0.95 else 1
    return lambda x: f"{100 * min(1.0, max(0.0, x)):.{digits}f}"


def _with_ends(estimate: Estimate, shown: Callable[[float], str], unit: str) -> str:
    """`0.040 nats (0.037 to 0.043)`; without an interval only the value."""
    text = shown(estimate.value) + unit
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({shown(estimate.low)} to {shown(estimate.high)})"


def significant(x: float) -> str:
    """Two significant digits without an exponent; what is below 0, as an interval's end, is 0.

    >>> [significant(x) for x in (0.04012, 0.0000123, 12.34, 3.14, -0.1, 1e-9)]
    ['0.040', '0.000012', '12', '3.1', '0', '0.0000000010']
    """
    if x <= 0:
        return "0"
    return f"{x:.{max(0, 1 - math.floor(math.log10(x)))}f}"
