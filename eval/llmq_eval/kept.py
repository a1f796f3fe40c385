"""What a saved base keeps of one prediction, and the KL that follows from it.

The likeliest tokens are kept, as many as leave a probability of at most REST, at most MOST_KEPT.
What they bring to KL is exact. Of all others their sum R is kept, and a sample of SAMPLED, drawn in
proportion to p. With x = q / p, and R' what q sums up to there, the others bring

    R - R' + R * mean of (x - 1 - ln x)

which is sum p ln(p / q) in the mean over samples, is never negative together with what the
likeliest bring, and varies little (Schulman 2020, Approximating KL divergence, the estimator k3).
The sample is systematic: equal steps through the others' cumulated p, from a start that differs
from record to record. What it may be off is known from how much its terms vary (Cochran 1977,
Sampling techniques, chapter 8: from a systematic sample that is rather too much than too little).
Where both files are the same, all terms are exactly 0.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from llmq_eval.distribution import Distribution

REST = 1e-4  # what the tokens beyond the likeliest may sum up to
MOST_KEPT = 256
SAMPLED = 64
GOLDEN = 0.6180339887498949  # whose multiples spread evenly over 0 to 1
Tokens = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float32]


@dataclass(eq=False)
class Kept:
    """The first `n_likeliest` of `tokens` are the likeliest, in order; the others are the sample.

    `total` is what the powers of the whole vocabulary sum up to, `rest` those beyond the likeliest;
    `nll_nats` is that of the true token. `kl_variance` is that of the KL that was asked for last.
    """

    tokens: Tokens  # (n,)
    logits: Logits  # (n,)
    n_likeliest: int
    nll_nats: float
    total: float
    rest: float
    kl_variance: float = 0.0

    @property
    def top(self) -> int:
        """The likeliest token."""
        return int(self.tokens[0])

    def nll(self, target: int) -> float:  # noqa: ARG002 - a prediction is kept for one true token
        """-ln p of the true token."""
        return self.nll_nats

    def chance(self, target: int) -> float:  # noqa: ARG002 - as above
        """p of the true token."""
        return float(np.exp(-self.nll_nats))

    def likeliest(self, n: int) -> tuple[tuple[int, float], ...]:
        """The `n` likeliest tokens with their p, the likeliest first."""
        n = min(n, self.n_likeliest)
        chances = np.exp(self._shifted()[:n]) / self.total
        return tuple(zip(self.tokens[:n].tolist(), chances.tolist(), strict=True))

    def kl(self, q: Distribution) -> float:
        """KL to `q` in nats, exact but for the sample; `kl_variance` is then known."""
        n, shifted = self.n_likeliest, self._shifted()
        gap = shifted - q.shifted[self.tokens] - np.log(self.total) + np.log(q.total)  # ln(p / q)
        p = np.exp(shifted[:n]) / self.total
        found = float((p * gap[:n]).sum())
        self.kl_variance = 0.0
        if n < len(self.tokens):
            terms = np.expm1(-gap[n:]) + gap[n:]
            rest = self.rest / self.total
            found += rest - beyond(q, self.tokens[:n]) / q.total + rest * float(terms.mean())
            self.kl_variance = rest**2 * float(terms.var()) / len(terms)
        return max(0.0, found)

    def _shifted(self) -> npt.NDArray[np.float64]:
        return self.logits.astype(np.float64) - np.float64(self.logits[0])


def kept(p: Distribution, target: int, number: int) -> Kept:
    """What is kept of `p`, where `target` stands, as record `number`."""
    tokens = p.largest(min(MOST_KEPT, len(p.powers)))
    held = np.cumsum(p.powers[tokens])
    tokens = tokens[: int(np.searchsorted(held, (1 - REST) * p.total)) + 1]
    rest = beyond(p, tokens)
    sample = _sample(p, tokens, number) if rest > 0 else tokens[:0]
    every = np.concatenate((tokens, sample))
    logits = (p.shifted[every] + np.float64(p.peak)).astype(np.float32)
    return Kept(every, logits, len(tokens), p.nll(target), p.total, rest)


def beyond(q: Distribution, tokens: Tokens) -> float:
    """What the powers of all but these tokens sum up to."""
    powers = q.powers[tokens]
    q.powers[tokens] = 0
    rest = float(q.powers.sum())
    q.powers[tokens] = powers
    return rest


def _sample(p: Distribution, tokens: Tokens, number: int) -> Tokens:
    """SAMPLED of the tokens beyond these, in proportion to their p; some more than once."""
    powers = p.powers[tokens]
    p.powers[tokens] = 0
    upto = np.cumsum(p.powers)
    p.powers[tokens] = powers
    steps = (np.arange(SAMPLED) + number * GOLDEN % 1) / SAMPLED
    found: Tokens = np.searchsorted(upto, steps * upto[-1], side="right")
    return found
