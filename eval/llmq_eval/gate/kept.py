"""How much of a score is kept: the ratio of two shares of the same items.

Both answer the same questions, so that what tells are those which only one has right. The bounds
are the ratios that a score test of the pairs does not reject (Nam & Blackwelder 2002, Analysis of
the ratio of marginal probabilities in a matched-pair setting, equations 6 and 7): they keep their
word where few answers changed, and have a width where none did.
"""

import math
from collections.abc import Callable

LARGEST = 1e6  # a ratio beyond which nobody looks
STEPS = 100  # of halving; more than the digits of a float


def kept_ends(both: int, n_quant: int, n_base: int, n: int, z: float) -> tuple[float, float]:
    """Bounds of n_quant / n_base, of `n` items of which `both` are right in either.

    >>> [round(end, 3) for end in kept_ends(55, 55, 55, 100, 1.645)]
    [0.953, 1.049]
    >>> [round(end, 3) for end in kept_ends(380, 400, 410, 600, 1.645)]
    [0.947, 1.004]
    """
    ratio = n_quant / n_base

    def beyond(theta: float) -> float:
        return _score(theta, both, n_quant, n_base, n)

    low = _root(beyond, z, 0.0, ratio) if n_quant else 0.0
    return low, _root(beyond, -z, ratio, LARGEST)


def _score(theta: float, both: int, n_quant: int, n_base: int, n: int) -> float:
    """How many standard errors the counts are from a ratio of theta; falls as theta rises."""
    gap = n_quant - theta * n_base
    quant, base, only_quant, only_base = (
        count / n for count in (n_quant, n_base, n_quant - both, n_base - both)
    )
    root = math.sqrt((quant - theta**2 * base) ** 2 + 4 * theta**2 * only_quant * only_base)
    mine = (-quant + theta**2 * (base + 2 * only_quant) + root) / (2 * theta * (theta + 1))
    theirs = theta * mine - (theta - 1) * (base + only_quant)
    variance = n * theta * (mine + theirs)
    if variance <= 0:
        return math.copysign(math.inf, gap) if gap else 0.0
    return gap / math.sqrt(variance)


def _root(score: Callable[[float], float], z: float, low: float, high: float) -> float:
    """Where the score is `z`, between two ratios."""
    for _ in range(STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if score(middle) > z else (low, middle)
    return (low + high) / 2
