"""What llama-perplexity keeps of its base, and the KL divergence that it computes from that.

`--kl-divergence-base` stores a token's log-probabilities in 16 bits: whole steps of 16/65535 nats
from the likeliest token down to e^-16 of it, and everything below as that floor. `--kl-divergence`
then leaves out all tokens whose stored probability is not above e^-16 (1.1e-7). Two things follow.
The terms left out are small, but of either sign, so that the sum may come out above or below the
true one, and even below zero. And a file compared with itself does not give 0, but what the
rounding leaves. (llama.cpp, tools/perplexity/perplexity.cpp: the two `log_softmax` that take
`uint16_t`.)
"""

from typing import Any

import numpy as np
import numpy.typing as npt

FLOOR = np.float32(-16)  # nats below the likeliest token, and ln of the least probability
STEPS = np.float32(65535)

Floats = npt.NDArray[Any]


def kl_from_stored(base: npt.NDArray[np.float32], quant: npt.NDArray[np.float32]) -> Floats:
    """KL(base || quant) of each row, (n_rows,) in nats, from logits (n_rows, n_vocab)."""
    log_p, log_q = _stored(base).astype(np.float64), _log_softmax(quant)
    terms = np.where(log_p > FLOOR, np.exp(log_p) * (log_p - log_q), 0)
    total: Floats = terms.sum(axis=1)
    return total


def _stored(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    top = logits.max(axis=1, keepdims=True)
    low = np.maximum(logits.min(axis=1, keepdims=True), top + FLOOR)
    log_sum = np.log(np.exp((logits - top).astype(np.float64)).sum(axis=1, keepdims=True))
    step = (top - low) / STEPS
    codes = np.where(logits > low, np.rint((logits - low) / step), 0).astype(np.float32)
    stored: npt.NDArray[np.float32] = step * codes + (low - top - log_sum.astype(np.float32))
    return stored


def _log_softmax(logits: npt.NDArray[np.float32]) -> Floats:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_p: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_p
