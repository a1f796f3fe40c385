"""What llama.cpp computes with a file of ours, held against transformers' model."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from llmq.runtime import How, open_model


class Allowed(NamedTuple):
    """How far the two may be apart on average."""

    kl_nats: float
    same_top: float


EXACT = Allowed(2e-5, 0.99)
CLOSE = Allowed(0.02, 0.0)


def log_softmax(logits: Any) -> NDArray[np.float64]:
    """Log-probabilities of every row of logits, in float64."""
    wide = np.asarray(logits, np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def check_logits(
    model: Any, path: Path, allowed: Allowed = EXACT, *, n_vocab: int = 257, n_tokens: int = 200
) -> None:
    """Assert that both give the same distributions after each of so many random tokens."""
    tokens = np.random.default_rng(0).integers(0, n_vocab, n_tokens).tolist()
    with torch.no_grad():
        expected = log_softmax(model(torch.tensor([tokens])).logits[0].numpy())
    with open_model(path, how=How("F32", exact=True)) as opened:
        found = log_softmax(opened.logits(tokens))
    kl_nats = (np.exp(expected) * (expected - found)).sum(axis=1).mean()
    same_top = (expected.argmax(axis=1) == found.argmax(axis=1)).mean()
    assert kl_nats <= allowed.kl_nats
    assert same_top >= allowed.same_top
    assert np.exp(expected).max(axis=1).mean() > 0.1  # far from uniform: agreement means something
