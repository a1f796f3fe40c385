"""Find the candidates of our search by a greedy search, and compare them with those in use.

    scripts/find-candidates [Q4_K Q5_0 ...] [--groups 2000]

A set of candidates is good if, over groups of weights of many distributions, what our search makes
of its best candidate has little error. One candidate after the other joins the set, each the one
that helps most; then each is exchanged for a better one as long as there is one. Errors are shown
as multiples of those with all candidates of the pool: 1.01 is one percent more. Sets of the same
error differ from run to run of other weights, so that the digits of a set mean little.

The search is written here in plain NumPy, apart from the kernels, and without the rounding of
scales and offsets to what a format can store.
"""

import argparse
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.codebook import VALUES
from llmq_kernels.search import candidates

Floats = NDArray[np.float64]
Candidate = float | tuple[float, float]
Kept = candidates.Roundings | candidates.Factors

FAMILIES: dict[str, Callable[[np.random.Generator, tuple[int, int]], Floats]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "student-t": lambda rng, shape: rng.standard_t(3, shape),
    "laplace": lambda rng, shape: rng.laplace(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "all-positive": lambda rng, shape: np.abs(rng.standard_normal(shape)),
    "shifted": lambda rng, shape: rng.standard_normal(shape) + rng.standard_normal(shape[1]),
}


@dataclass(frozen=True)
class Groups(ABC):
    """Groups of k weights, and how the search fits them."""

    k: int

    @abstractmethod
    def pool(self) -> list[Candidate]:
        """All candidates there are to choose from."""

    @abstractmethod
    def fit(self, x: Floats, w: Floats, candidate: Candidate) -> tuple[Floats, Floats]:
        """What a candidate explains of sum w y^2, and the error that is left in the end: (n,).

        x and the weights w of its errors are (k, n). Errors are in units of x.
        """


@dataclass(frozen=True)
class Lines(Groups):
    """Groups of scale * code + offset, with codes 0 .. max_code."""

    max_code: int
    spacing: float
    """Of the pool's steps."""
    above_zero: bool = False
    """Whether the offset may be above zero."""

    def pool(self) -> list[Candidate]:
        most, fewest = round(1 / self.spacing), round(-0.2 * self.max_code / self.spacing)
        steps = [round(self.max_code + self.spacing * i, 2) for i in range(fewest, most)]
        pairs = [(step, round(0.15 * i, 2)) for step in steps for i in range(-3, 4)]
        return [pair for pair in pairs if sum(pair) < self.max_code + 0.5]

    def fit(self, x: Floats, w: Floats, candidate: Candidate) -> tuple[Floats, Floats]:
        assert isinstance(candidate, tuple)
        start = x.min(axis=0) if self.above_zero else np.minimum(x.min(axis=0), 0)
        unit = x.max(axis=0) - start
        y = (x - start) / unit
        limit = np.inf if self.above_zero else -start / unit
        steps, shift = candidate
        scale, offset, gain = _line(y, w, np.rint(y * steps + shift), limit)
        scale, offset, _ = _line(y, w, self._codes(y, scale, offset), limit)
        off = scale * self._codes(y, scale, offset) + offset - y
        return gain, (w * off**2).sum(axis=0) * unit**2

    def _codes(self, y: Floats, scale: Floats, offset: Floats) -> Floats:
        return np.clip(np.rint((y - offset) / scale), 0, self.max_code)


@dataclass(frozen=True)
class Scales(Groups):
    """Groups of scale * value, with the ascending values of a grid."""

    values: tuple[int, ...]
    spacing: float
    """Of the pool's factors."""

    def pool(self) -> list[Candidate]:
        end = -self.values[0] / self.spacing
        factors = [round(self.spacing * i, 2) for i in range(round(0.75 * end), round(1.35 * end))]
        return [sign * factor for sign in (-1, 1) for factor in factors]

    def fit(self, x: Floats, w: Floats, candidate: Candidate) -> tuple[Floats, Floats]:
        assert isinstance(candidate, float)
        end = np.take_along_axis(x, np.abs(x).argmax(axis=0)[None], axis=0)
        y = x / end
        values = self._nearest(y * candidate)
        power, fit = (w * values**2).sum(axis=0), (w * y * values).sum(axis=0)
        scale = fit / power
        off = scale * self._nearest(y / scale) - y
        return fit**2 / power, (w * off**2).sum(axis=0) * end[0] ** 2

    def _nearest(self, scaled: Floats) -> Floats:
        values = np.array(self.values, np.float64)
        return values[np.searchsorted((values[1:] + values[:-1]) / 2, scaled, side="right")]


def _line(
    y: Floats, w: Floats, codes: Floats, limit: Floats | float
) -> tuple[Floats, Floats, Floats]:
    """Scale, offset and what they explain of sum w y^2, by least squares within the limit."""
    total, first, second = w.sum(axis=0), (w * codes).sum(axis=0), (w * codes**2).sum(axis=0)
    sum_y, third = (w * y).sum(axis=0), (w * codes * y).sum(axis=0)
    spread = np.maximum(total * second - first**2, 1e-12)
    offset = np.minimum((sum_y * second - third * first) / spread, limit)
    scale = (third - offset * first) / second
    return scale, offset, scale**2 * second + offset * (2 * sum_y - offset * total)


def _integers(nmax: int) -> tuple[int, ...]:
    return tuple(range(-nmax, nmax))


TASKS: dict[str, tuple[Groups, candidates.LineCandidates | candidates.ScaleCandidates]] = {
    "Q2_K": (Lines(16, 3, 0.05), candidates.Q2_K),
    "Q4_K": (Lines(32, 15, 0.25), candidates.Q4_K),
    "Q5_K": (Lines(32, 31, 0.25), candidates.Q5_K),
    "Q4_1": (Lines(32, 15, 0.25, above_zero=True), candidates.Q4_1),
    "Q5_1": (Lines(32, 31, 0.25, above_zero=True), candidates.Q5_1),
    "Q3_K": (Scales(16, _integers(4), 0.1), candidates.Q3_K),
    "Q4_0": (Scales(32, _integers(8), 0.05), candidates.Q4_0),
    "Q5_0": (Scales(32, _integers(16), 0.1), candidates.Q5_0),
    "Q6_K": (Scales(16, _integers(32), 0.5), candidates.Q6_K),
    "IQ4": (Scales(32, tuple(map(int, VALUES)), 2.0), candidates.IQ4),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {', '.join(TASKS)}")
    parser.add_argument("--groups", type=int, default=2000, help="of each distribution")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.formats if name not in TASKS]
    if unknown:
        parser.error(f"no candidates are kept for {', '.join(unknown)}")
    for name in arguments.formats or TASKS:
        groups, in_use = TASKS[name]
        report(f"{name} plain", groups, in_use.plain, arguments.groups, weighted=False)
        report(f"{name} weighted", groups, in_use.weighted, arguments.groups, weighted=True)
    return 0


def report(title: str, groups: Groups, kept: Kept, n: int, *, weighted: bool) -> None:
    """Print the set in use and the one found, with their errors."""
    pool = sorted({*groups.pool(), *kept}, key=str)
    gains, errors = measured(groups, pool, n, weighted=weighted)
    in_use = [pool.index(candidate) for candidate in kept]
    found = exchanged(greedy(len(kept), gains, errors), gains, errors)
    print(title)
    for what, chosen in (("in use", in_use), ("found", found)):
        shown = ", ".join(str(pool[number]) for number in chosen)
        print(f"  {what:7}{mean_error(chosen, gains, errors):.4f}  {shown}", flush=True)


def measured(
    groups: Groups, pool: list[Candidate], n: int, *, weighted: bool
) -> tuple[Floats, Floats]:
    """What each candidate explains of n groups of each family, and its error: (pool, N).

    Errors are divided by the mean of their family's least, so that no family counts more.
    """
    rng = np.random.default_rng(0)
    gains, errors = [], []
    for family in FAMILIES.values():
        x = family(rng, (groups.k, n))
        w = np.exp(rng.standard_normal(x.shape)) if weighted else np.ones(x.shape)
        fits = [groups.fit(x, w, candidate) for candidate in pool]
        error = np.array([error for _, error in fits])
        gains.append(np.array([gain for gain, _ in fits]))
        errors.append(error / error.min(axis=0).mean())
    return np.concatenate(gains, axis=1), np.concatenate(errors, axis=1)


def mean_error(chosen: list[int], gains: Floats, errors: Floats) -> float:
    """Of the candidates that explain most of their groups."""
    best = gains[chosen].argmax(axis=0)
    return float(np.take_along_axis(errors[chosen], best[None], axis=0).mean())


def greedy(count: int, gains: Floats, errors: Floats) -> list[int]:
    """The candidates that help most, each beside those before it."""
    chosen: list[int] = []
    for _ in range(count):
        chosen.append(most_helpful(chosen, gains, errors))
    return chosen


def exchanged(chosen: list[int], gains: Floats, errors: Floats) -> list[int]:
    """The set after each candidate has been exchanged, as long as the error falls."""
    error = mean_error(chosen, gains, errors)
    while True:
        for place in range(len(chosen)):
            rest = chosen[:place] + chosen[place + 1 :]
            chosen = [*rest[:place], most_helpful(rest, gains, errors), *rest[place:]]
        before, error = error, mean_error(chosen, gains, errors)
        if not error < before:
            return sorted(chosen)


def most_helpful(chosen: list[int], gains: Floats, errors: Floats) -> int:
    """The candidate beside which the chosen ones have the least error."""
    if not chosen:
        return int(errors.mean(axis=1).argmin())
    best = gains[chosen].argmax(axis=0)[None]
    gain = np.take_along_axis(gains[chosen], best, axis=0)
    error = np.take_along_axis(errors[chosen], best, axis=0)
    return int(np.where(gains > gain, errors, error).mean(axis=1).argmin())


if __name__ == "__main__":
    sys.exit(main())
