"""The plain search for scale * level; search.py tells how it goes."""

from dataclasses import dataclass

import numpy as np

from tests.oracles.rounding import Array, Round, Term, farthest, first_of_best, half, inverse

CODEBOOK = np.array((-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113))


@dataclass(frozen=True, kw_only=True)
class Symmetric:
    """Groups of scale * v. With a limit scale = d * s."""

    groups: int = 1
    k: int = 32
    round: Round
    """To the nearest level v."""
    limit: int | None = None
    """s = -limit .. limit - 1; None where a block is one group, with a half of its own."""
    units: int = 1
    """Candidates for d: they take the farthest scale to s = -limit, 1 - limit ..."""
    equal: tuple[float, ...]
    """Candidates: where the weight farthest from zero is taken."""
    weighted: tuple[float, ...]
    """Those with importance."""

    def search(self, x: Array, w: Array, *, equal: bool) -> list[Term]:
        """The term d * (s v), or d * v.

        For levels v the best scale is sum w x v / sum w v^2. It explains (sum w x v)^2 / sum w v^2.
        """
        end = farthest(x)
        y = x * np.where(np.isfinite(1 / end), 1 / end, 0)
        # The search looks candidates' codebook values up, for multiples of 1/2048.
        on_grid = np.floor(y * 2048 + 0.5) / 2048 if self.round is codebook else y
        candidates = [self.round(on_grid * to) for to in (self.equal if equal else self.weighted)]
        fits = [((w * y * v).sum(axis=0), (w * v * v).sum(axis=0)) for v in candidates]
        fit, power = first_of_best(fits, [fit / power * fit for fit, power in fits])
        scale = np.where(np.isfinite(fit / power * end), fit / power * end, 0)
        d, s = self._in_units(scale, power) if self.limit else (half(scale[0]), np.ones_like(scale))
        return [(d, s * self.round(y * (inverse(d * s) * end)))]

    def _in_units(self, scale: Array, power: Array) -> tuple[Array, Array]:
        """The half d (n,) and the integers s (groups, n) of least sum power (scale - d s)^2."""
        limit = self.limit
        assert limit is not None

        def multiples(d: Array) -> Array:
            return np.rint(scale * inverse(d)).clip(-limit, limit - 1)

        candidates = [half(farthest(scale) / (fewer - limit)) for fewer in range(self.units)]
        errors = [(power * (d * multiples(d) - scale) ** 2).sum(axis=0) for d in candidates]
        d = first_of_best(candidates, [-error for error in errors])
        return d, multiples(d)


def integers(n: int) -> Round:
    """Rounding to -n .. n - 1."""
    return lambda values: np.rint(values).clip(-n, n - 1)


def codebook(values: Array) -> Array:
    """Rounding to the codebook; the middle between two goes to the upper."""
    middles = (CODEBOOK[1:] + CODEBOOK[:-1]) / 2
    levels = CODEBOOK[np.searchsorted(middles, values, side="right")]
    return levels.astype(values.dtype)
