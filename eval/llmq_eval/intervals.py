"""How many standard errors a 95 % interval reaches to either side."""

import math
from collections.abc import Sequence

NORMAL = 1.959963984540054  # 95 % of a normal variable lie within ± this
LENGTH_POWER = 1.4  # between tokens that vary on their own (1) and documents that do (2)


def degrees_of_freedom(counts: Sequence[int]) -> float:
    """Satterthwaite's number for documents of these lengths, at least 1.

    The error's square is a sum of squares, one a document. It is known as well as if there were
    (sum v)^2 / sum v^2 equal ones, v the variances (Satterthwaite 1946, An approximate distribution
    of estimates of variance components). v is taken as length^LENGTH_POWER, the power at which
    `scripts/check-intervals` found the figures closest to 95 %. Of n documents of one length it is
    n - 1; where a few hold most tokens, hardly more than these few.

    >>> round(degrees_of_freedom([70] * 40), 6), round(degrees_of_freedom([700] * 3 + [70] * 37), 1)
    (39.0, 5.5)
    """
    variances = [n**LENGTH_POWER for n in counts]
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
