"""Three kinds of figures of rows: ratios of sums, changes of a share, what is kept of a score.

Each gives its value with one-sided bounds (`one_sided.py`), and its change from another measurement
of the same things, with the probability of such a change or a worse one by chance. The unit that is
drawn at random is the document (`llmq_eval.statistics`), whatever it holds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from llmq_eval.gate.evidence import Row
from llmq_eval.gate.kept import kept_ends
from llmq_eval.gate.one_sided import ALPHA, normal_quantile, sign_test, students_t_from, tail
from llmq_eval.gate.rows import NotMeasured, by_document, count, number, outcomes, paired, share
from llmq_eval.intervals import degrees_of_freedom
from llmq_eval.metric import as_it_is
from llmq_eval.statistics import Estimate, ratio_of_sums

Z = normal_quantile(ALPHA)
Column = Callable[[Row], float]


@dataclass(frozen=True)
class Change:
    """From one measurement to the next: both values, the change with its bounds, and how likely.

    `p_higher` is the probability of such a rise by chance, `p_lower` that of such a fall.
    """

    before: float
    after: float
    difference: Estimate
    p_higher: float
    p_lower: float
    unchanged: bool


class Measure(Protocol):
    """A figure of rows; raises NotMeasured where they do not tell it."""

    def estimate(self, rows: Sequence[Row], z: float = Z) -> Estimate:
        """Its value and the bounds that `z` normal standard errors make."""

    def change(self, now: Sequence[Row], then: Sequence[Row]) -> Change:
        """What became of it since `then`, on the same documents."""


def column(key: str) -> Column:
    """The number under this key."""
    return lambda row: number(row, key)


def counts(key: str) -> Column:
    """The number under this key, which is not negative."""
    return lambda row: count(row, key)


@dataclass(frozen=True)
class Ratio:
    """sum of `over` / sum of `under` over documents, by the jackknife; then `figure` of it.

    `figure` rises. `of_yes` says that `over` counts some of `under`: then the bounds are never
    narrower than Wilson's for as many single ones, which have a width where all are alike. Of a
    change, only what lies beyond `neutral` counts: to come nearer to the base is not worse. Bounds
    lie where the figure can: from 0 on unless it is `signed`, of yes and no up to 1.
    """

    over: Column
    under: Column
    figure: Callable[[Estimate], Estimate] = as_it_is
    of_yes: bool = False
    neutral: Callable[[float], float] = float
    signed: bool = False

    def estimate(self, rows: Sequence[Row], z: float = Z) -> Estimate:
        """The ratio with its bounds."""
        sums, sizes = self._sums(rows)
        raw = ratio_of_sums(sums, sizes)
        if raw.standard_error is None:
            return self.figure(Estimate(raw.value, None))
        reach = students_t_from(z, degrees_of_freedom(sizes, 1.0)) * raw.standard_error
        low, high = raw.value - reach, raw.value + reach
        if self.of_yes:
            ends = wilson_ends(raw.value, sum(sizes), z)
            low, high = min(low, ends[0]), min(1.0, max(high, ends[1]))
        found = self.figure(Estimate(raw.value, raw.standard_error, low, high))
        return found if self.signed else replace(found, low=max(0.0, found.low or 0.0))

    def change(self, now: Sequence[Row], then: Sequence[Row]) -> Change:
        """The difference of the two figures; each document is left out of both in turn."""
        pairs = paired(now, then)
        here, there = self._sums([a for a, _ in pairs]), self._sums([b for _, b in pairs])
        after, *without_after = self._left_out(*here)
        before, *without_before = self._left_out(*there)
        n, moved = len(without_after), self.neutral(after) - self.neutral(before)
        gaps = [
            self.neutral(a) - self.neutral(b)
            for a, b in zip(without_after, without_before, strict=True)
        ]
        centre = math.fsum(gaps) / n
        error = math.sqrt(math.fsum((gap - centre) ** 2 for gap in gaps) * (n - 1) / n)
        degrees = degrees_of_freedom(here[1], 1.0)
        reach = students_t_from(Z, degrees) * error
        t = moved / error if error else math.copysign(math.inf, moved) if moved else 0.0
        difference = Estimate(moved, error, moved - reach, moved + reach)
        p_higher, p_lower = tail(t, degrees), tail(-t, degrees)
        return Change(before, after, difference, p_higher, p_lower, here == there)

    def _sums(self, rows: Sequence[Row]) -> tuple[list[float], list[int]]:
        sums = [math.fsum(each) for each in by_document(rows, self.over)]
        sizes = [round(math.fsum(each)) for each in by_document(rows, self.under)]
        kept = [(s, n) for s, n in zip(sums, sizes, strict=True) if n > 0]
        if not kept:
            raise NotMeasured("nothing of the kind was measured")
        return [s for s, _ in kept], [n for _, n in kept]

    def _left_out(self, sums: Sequence[float], sizes: Sequence[int]) -> list[float]:
        """The figure of all documents, then of all but each."""
        if len(sums) < 2:
            raise NotMeasured("a single document tells no change from chance")
        total, size = math.fsum(sums), sum(sizes)
        each = ((total - s) / (size - n) for s, n in zip(sums, sizes, strict=True))
        return [self.figure(Estimate(x, None)).value for x in (total / size, *each)]


@dataclass(frozen=True)
class ShareChange:
    """The share of `quant` minus the share of `base`: of the rows, or of the `per` things in each.

    Where a document has several rows, its outcome is their mean.
    """

    base: str
    quant: str
    per: str | None = None

    def estimate(self, rows: Sequence[Row], z: float = Z) -> Estimate:
        """How much more often it happens to `quant`."""
        gaps = _means(rows, lambda row: self._of(row, self.quant) - self._of(row, self.base))
        return changed_share(gaps, z, _means(rows, self._size))

    def change(self, now: Sequence[Row], then: Sequence[Row]) -> Change:
        """How much more often it happens to `quant` than to the other measurement's."""
        pairs = paired(now, then)
        if any(self._size(row) != self._size(other) for row, other in pairs):
            raise NotMeasured("the lock holds rows of other documents")
        gaps = {
            id(row): self._of(row, self.quant) - self._of(other, self.quant) for row, other in pairs
        }
        after = _means(now, lambda row: self._of(row, self.quant))
        return _changed_outcomes(
            _means(now, lambda row: gaps[id(row)]), after, _means(now, self._size)
        )

    def _of(self, row: Row, key: str) -> float:
        if self.per is None:
            return share(row, key)
        if count(row, key) > self._size(row):
            raise NotMeasured(f"{key} of {row.get('id')!r} is more than its {self.per}")
        return count(row, key)

    def _size(self, row: Row) -> float:
        if self.per is None:
            return 1.0
        if not count(row, self.per):
            raise NotMeasured(f"{self.per} of {row.get('id')!r} is 0")
        return count(row, self.per)


@dataclass(frozen=True)
class Kept:
    """What `quant` has right by what `base` has right, of the same items (`kept.py`)."""

    base: str
    quant: str

    def estimate(self, rows: Sequence[Row], z: float = Z) -> Estimate:
        """The ratio of the two scores; bounds by the score test for pairs."""
        right = outcomes(rows, self.base, self.quant)
        n_base, n_quant = sum(base for base, _ in right), sum(quant for _, quant in right)
        both = sum(base * quant for base, quant in right)
        if not n_base:
            raise NotMeasured("the base has nothing right, so that nothing can be kept")
        low, high = kept_ends(round(both), round(n_quant), round(n_base), len(rows), z)
        return Estimate(n_quant / n_base, None, low, high)

    def change(self, now: Sequence[Row], then: Sequence[Row]) -> Change:
        """How much more often `quant` is right than the other measurement's."""
        gaps = [share(a, self.quant) - share(b, self.quant) for a, b in paired(now, then)]
        after = [share(row, self.quant) for row in now]
        return _changed_outcomes(gaps, after, [1.0] * len(gaps))


def changed_share(gaps: Sequence[float], z: float, sizes: Sequence[float]) -> Estimate:
    """sum(gaps) / sum(sizes) over documents, none of whose gaps is beyond its size; with bounds.

    What rose and what fell are shares with Wilson's bounds, of as many documents as such sizes are
    worth (Kish 1965, Survey Sampling, section 11.7); those of their difference are made of them
    (Newcombe 1998, Improved confidence intervals for the difference between binomial proportions
    based on paired data; Zou & Donner 2008, Construction of confidence limits about effect
    measures). They have a width where nothing changed, and hold where the base never does it.

    >>> none = changed_share([0.0] * 80, Z, [1.0] * 80)
    >>> round(none.low, 3), none.value, round(none.high, 3)
    (-0.033, 0.0, 0.033)
    """
    if not gaps:
        raise NotMeasured("nothing of the kind was measured")
    size = math.fsum(sizes)
    n = size * size / math.fsum(part * part for part in sizes)
    rose, fell = (math.fsum(max(sign * gap, 0.0) for gap in gaps) / size for sign in (1, -1))
    both = (1 - rose) * (1 - fell)
    correlation = -math.sqrt(rose * fell / both) if both > 0 else 0.0
    (rose_low, rose_high), (fell_low, fell_high) = (wilson_ends(x, n, z) for x in (rose, fell))
    down = _reach(rose - rose_low, fell_high - fell, correlation)
    up = _reach(rose_high - rose, fell - fell_low, correlation)
    value = rose - fell
    return Estimate(value, None, max(-1.0, value - down), min(1.0, value + up))


def _reach(one: float, other: float, correlation: float) -> float:
    """How far a difference reaches of which the parts reach so far."""
    return math.sqrt(one * one - 2 * correlation * one * other + other * other)


def wilson_ends(value: float, n: float, z: float) -> tuple[float, float]:
    """Bounds of a share (Wilson 1927, Probable inference, the law of succession).

    >>> [round(end, 4) for end in wilson_ends(1.0, 100, 1.645)]
    [0.9737, 1.0]
    """
    centre = (value + z * z / (2 * n)) / (1 + z * z / n)
    inner = max(0.0, value * (1 - value)) / n + (z / (2 * n)) ** 2
    reach = z * math.sqrt(inner) / (1 + z * z / n)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _means(rows: Sequence[Row], value: Column) -> list[float]:
    return [math.fsum(each) / len(each) for each in by_document(rows, value)]


def _changed_outcomes(
    gaps: Sequence[float], after: Sequence[float], sizes: Sequence[float]
) -> Change:
    """The change of a share, documents that changed counted by the sign test."""
    difference = changed_share(gaps, Z, sizes)
    value = math.fsum(after) / math.fsum(sizes)
    higher, lower = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    before = value - difference.value
    p_higher, p_lower = sign_test(higher, lower), sign_test(lower, higher)
    return Change(before, value, difference, p_higher, p_lower, not higher + lower)
