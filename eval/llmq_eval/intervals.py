"""How many standard errors a 95 % interval reaches to either side."""

import math
from collections.abc import Sequence

NORMAL = 1.959963984540054  # 95 % of a normal variable lie within ± this


def correlation_within(
    sums: Sequence[float], squares: Sequence[float], counts: Sequence[int]
) -> float:
    """The intraclass correlation of tokens of one document, from 0 to 1.

    0: tokens vary on their own; 1: only documents vary. `sums` and `squares` are those of the
    values in each document. It is the estimate from an analysis of variance, for documents of
    different lengths (Donner 1986, A review of inference procedures for the intraclass correlation
    coefficient, section 2), and 1 where there is nothing to estimate it from.

    >>> correlation_within([10.0, 0.0, 10.0], [10.0, 0.0, 10.0], [10, 10, 10])
    1.0
    >>> correlation_within([5.0, 5.0, 5.0], [5.0, 5.0, 5.0], [10, 10, 10])
    0.0
    """
    n, total, tokens = len(counts), math.fsum(sums), sum(counts)
    if n < 2 or tokens <= n:
        return 1.0
    inside = math.fsum(s * s / c for s, c in zip(sums, counts, strict=True))
    between = (inside - total * total / tokens) / (n - 1)
    within = (math.fsum(squares) - inside) / (tokens - n)
    size = (tokens - math.fsum(c * c for c in counts) / tokens) / (n - 1)
    variance = between + (size - 1) * within
    if not (math.isfinite(variance) and variance > 0):
        return 1.0
    return min(1.0, max(0.0, (between - within) / variance))


def degrees_of_freedom(counts: Sequence[int], correlation: float) -> float:
    """Satterthwaite's number for documents of these lengths, at least 1.

    The error's square is a sum of squares, one a document. It is known as well as if there were
    (sum v)^2 / sum v^2 equal ones, v the variances (Satterthwaite 1946, An approximate distribution
    of estimates of variance components). That of the sum over n tokens, any two of which have this
    `correlation`, is n (1 + (n - 1) correlation). Of n documents of one length the result is n - 1;
    where a few hold most tokens, it is hardly more than these few.

    >>> round(degrees_of_freedom([70] * 40, 0.1), 6)
    39.0
    >>> [round(degrees_of_freedom([700] * 3 + [70] * 37, r), 1) for r in (0, 0.03, 1)]
    [12.3, 3.1, 2.8]
    """
    variances = [n * (1 + (n - 1) * correlation) for n in counts]
    return max(1.0, math.fsum(variances) ** 2 / math.fsum(v * v for v in variances) - 1)


def students_t(degrees: float) -> float:
    """The t beyond which 2.5 % lie: the expansion 26.7.5 of Abramowitz & Stegun (1964).

    Off by less than 1 % from two degrees on; 12 % short at a single one.

    >>> [round(students_t(n), 2) for n in (2, 10, 39)]
    [4.27, 2.23, 2.02]
    """
    z = NORMAL
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / degrees**power for power, term in enumerate(terms))
