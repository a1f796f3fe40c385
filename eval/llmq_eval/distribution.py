"""A model's next token over its whole vocabulary.

All is float64, for KL is a small difference of large terms.

A vocabulary has up to some 260,000 entries, and arrays of that size made anew for every token would
take more time than what is computed in them. So a `Distribution` is room for one row of logits,
filled again and again.
"""

from typing import Self

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]  # (n_vocab,)


class Distribution:
    """p = powers / total = exp(shifted) / total, of the logits read last."""

    kl_variance = 0.0  # `kl` is that of the whole vocabulary

    def __init__(self, n_vocab: int) -> None:
        self.shifted = np.empty(n_vocab)  # (n_vocab,) float64, the largest is 0
        self.powers = np.empty(n_vocab)  # (n_vocab,) float64
        self.total = 0.0
        self.top = 0
        self.peak = np.float32(0)  # the largest logit
        self._terms = np.empty(n_vocab)

    def read(self, logits: Logits) -> Self:
        """The softmax of a row; of equal logits the lower token is the top."""
        self.top = int(logits.argmax())
        self.peak = logits[self.top]
        np.subtract(logits, self.peak, out=self.shifted, dtype=np.float64)
        np.exp(self.shifted, out=self.powers)
        self.total = float(self.powers.sum())
        return self

    def nll(self, token: int) -> float:
        """-ln p of a token, in nats."""
        return float(np.log(self.total) - self.shifted[token])

    def chance(self, token: int) -> float:
        """p of a token."""
        return float(self.powers[token]) / self.total

    def kl(self, other: "Distribution") -> float:
        """KL(self || other) in nats; rounding may take it below 0, where it is 0."""
        np.subtract(self.shifted, other.shifted, out=self._terms)
        self._terms *= self.powers
        mean = float(self._terms.sum()) / self.total
        return max(0.0, float(mean - np.log(self.total) + np.log(other.total)))

    def likeliest(self, n: int) -> tuple[tuple[int, float], ...]:
        """The `n` likeliest tokens with their p, the likeliest first; of equals the lower first."""
        found = self.largest(min(n, len(self.powers)))
        return tuple((int(token), self.chance(int(token))) for token in found)

    def largest(self, n: int) -> npt.NDArray[np.int64]:
        """The tokens of the `n` largest logits, the largest first; of equals the lower first."""
        least = np.partition(self.shifted, -n)[-n]
        tokens = np.flatnonzero(self.shifted >= least)  # more than n where some are equal
        return tokens[np.argsort(-self.shifted[tokens], kind="stable")][:n]
