"""One-sided bounds: what a limit is held against, and how unlikely a change is by chance.

A limit has one side that counts, so that each end of an interval here is passed by chance in 5 % of
suites: the two ends are those of a 90 % interval, narrower than drift's. Student's t and the normal
are made of each other by Wallace's approximation (1959, Bounds on normal approximations to
Student's and the chi-square distributions, equation 2.8): a t is right to 2 % from two degrees of
freedom on, however far out, a probability of 0.001 to 8 % from five on.
"""

import math
from statistics import NormalDist

ALPHA = 0.05  # of each end


def normal_quantile(alpha: float) -> float:
    """What a normal variable exceeds with probability `alpha`.

    >>> round(normal_quantile(0.05), 4)
    1.6449
    """
    return NormalDist().inv_cdf(1 - alpha)


def students_t_from(z: float, degrees: float) -> float:
    """The t that is as unlikely as a normal z.

    >>> [round(students_t_from(normal_quantile(0.05), n), 2) for n in (2, 10, 39)]
    [2.97, 1.81, 1.68]
    """
    inner = (z * (8 * degrees + 3) / (8 * degrees + 1)) ** 2 / degrees
    return math.sqrt(degrees * math.expm1(min(inner, 700.0)))


def tail(t: float, degrees: float) -> float:
    """The probability that Student's t exceeds `t`.

    >>> [round(tail(t, 10), 3) for t in (1.812, 0.0, -1.812)]
    [0.05, 0.5, 0.95]
    """
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    size = math.sqrt(degrees * math.log1p(t * t / degrees))
    return NormalDist().cdf(-math.copysign(size * (8 * degrees + 1) / (8 * degrees + 3), t))


def sign_test(n_worse: int, n_better: int) -> float:
    """The probability of at least `n_worse` of all changes by the toss of a coin.

    McNemar's test in its exact, one-sided form (1947, Note on the sampling error of the difference
    between correlated proportions).

    >>> sign_test(5, 0), sign_test(0, 0), sign_test(1, 1)
    (0.03125, 1.0, 0.75)
    """
    n = n_worse + n_better
    return sum(math.comb(n, k) for k in range(n_worse, n + 1)) / (1 << n)


def p_words(p: float) -> str:
    """A probability in words: digits that nobody believes are left out.

    >>> p_words(0.0213), p_words(1e-20)
    ('p = 0.021', 'p < 0.000001')
    """
    return f"p = {p:.2g}" if p >= 1e-6 else "p < 0.000001"
