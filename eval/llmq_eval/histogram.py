"""How many tokens have how much KL, in bins of equal ratios: for pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from llmq_eval.likelihood import Tokens

EDGES_NATS = tuple(10.0 ** (quarter / 4) for quarter in range(-32, 5))  # 1e-8 to 10 nats


def kl_histogram(documents: Sequence[Tokens]) -> dict[str, Any]:
    """The edges of the bins, the tokens in each, and those beyond either end.

    `n_zero` of those below are exactly 0.

    >>> tokens = np.array([0.0, 1e-9, 0.5, 0.5, 20.0]).view([("kl_nats", "f8")])
    >>> found = kl_histogram([tokens])
    >>> sum(found["counts"]), found["n_below"], found["n_above"], found["n_zero"]
    (2, 2, 1, 1)
    """
    kl = np.concatenate([tokens["kl_nats"] for tokens in documents] or [np.empty(0)])
    edges = np.array(EDGES_NATS)
    inside = kl[(kl >= edges[0]) & (kl < edges[-1])]
    counts = np.bincount(np.searchsorted(edges, inside, "right") - 1, minlength=len(edges) - 1)
    return {
        "edges_nats": list(EDGES_NATS),
        "counts": counts.tolist(),
        "n_below": int((kl < edges[0]).sum()),
        "n_above": int((kl >= edges[-1]).sum()),
        "n_zero": int((kl == 0).sum()),
    }
