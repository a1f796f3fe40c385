"""The plain search for scale * code + offset; search.py tells how it goes."""

from dataclasses import dataclass

import numpy as np

from tests.oracles.rounding import (
    LARGEST_HALF,
    Array,
    Round,
    Term,
    first_of_best,
    half,
    inverse,
    significant,
)

FLAT = 1e-5
"""Codes whose variance is no more than this share of their mean square count as one code."""


@dataclass(frozen=True, kw_only=True)
class Affine:
    """Groups of scale * c + offset. With a limit scale = d * s and offset = -dmin * m."""

    groups: int = 1
    k: int = 32
    max_code: int
    limit: int | None = None
    """The largest s and m; None where a block is one group, with two halves of its own."""
    equal: tuple[tuple[float, float], ...]
    """Candidates: the steps that the range is divided into, and a shift in steps."""
    weighted: tuple[tuple[float, float], ...]
    """Those with importance."""

    def search(self, x: Array, w: Array, *, equal: bool) -> list[Term]:
        """Terms d * (s c) and dmin * -m; or d * c and dmin * 1, where dmin is the offset."""
        reach, roundings = self._on_a_grid() if equal else (1, self._roundings())
        start = np.minimum(x.min(axis=0), 0 if self.limit else np.inf)
        span = x.max(axis=0) - start
        per_unit = np.where(np.isfinite(reach / span), reach / span, 0)
        unit, y = span / reach, (x - start) * per_unit  # x = start + unit * y, y = 0 .. reach
        if equal:
            y = np.floor(y + 0.5)
        zero = start * -per_unit if self.limit else np.full_like(start, np.inf)  # offset <= zero

        candidates = [rounding(y) for rounding in roundings]
        gains = [explained(sums(w, codes, y), zero, reach) for codes in candidates]
        codes = first_of_best(candidates, gains)
        scale, offset = line(sums(w, codes, y), zero)
        codes = np.rint(y * inverse(scale) - offset * inverse(scale)).clip(0, self.max_code)
        of_codes = sums(w, codes, y)
        scale, offset = line(of_codes, zero)

        largest = LARGEST_HALF * (self.limit or 1)
        scale = np.minimum(scale * unit, np.maximum(span / self.max_code, largest))
        offset = np.maximum(offset * unit + start, np.minimum(start, -largest))
        if self.limit:
            d, dmin, s, m = joint(scale, -np.minimum(offset, 0), of_codes, self.limit)
        else:
            d, dmin, s, m = half(scale[0]), half(offset[0]), np.ones_like(x[0]), -np.ones_like(x[0])
        per_step = inverse(d * s)
        codes = np.floor(y * (unit * per_step) + ((start + dmin * m) * per_step + 0.5))
        return [(d, s * codes.clip(0, self.max_code)), (dmin, -m * np.ones_like(codes))]

    def _roundings(self) -> list[Round]:
        def rounding(steps: float, shift: float) -> Round:
            return lambda y: np.rint(y * steps + shift)

        return [rounding(*candidate) for candidate in self.weighted]

    def _on_a_grid(self) -> tuple[int, list[Round]]:
        """With equal weights y is an integer 0 .. reach, and a step and a shift are whole, too.

        The reach is such that the largest step times the largest sum of codes is below 2^16.
        """
        reach = int(min(self.equal)[0] * (2**16 // (self.k * self.max_code) - 1))

        def rounding(steps: float, shift: float) -> Round:
            step = round(reach / steps)
            up = min(round((shift + 0.5) * step), (self.max_code + 1) * step - 1 - reach)
            return lambda y: np.floor((y + up) / step)

        return reach, [rounding(*candidate) for candidate in self.equal]


def sums(w: Array, c: Array, y: Array) -> Array:
    """S, S_y, S_c, S_cc, S_cy: the sums of w, w y, w c, w c^2 and w c y over a group."""
    return np.stack([each.sum(axis=0) for each in (w, w * y, w * c, w * c * c, w * c * y)])


def explained(of_codes: Array, highest: Array, reach: float) -> Array:
    """How much of sum w y^2 the best line for codes explains; 0 if they are all but one code.

    For an offset o it is (S_cy - o S_c)^2 / S_cc + o (2 S_y - o S). Where no limit is near o is
    free, and it is (S_cy - S_c S_y / S)^2 / (S_cc - S_c^2 / S), less what all codes explain.
    """
    total, y, c, cc, cy = of_codes
    variance = cc - c / total * c
    offset = np.minimum((y * cc - cy * c) / (total * cc - c * c), highest)
    limited = (cy - offset * c) ** 2 / cc + offset * (2 * y - offset * total)
    gain = np.where(highest < reach / 8, limited, (cy - c / total * y) ** 2 / variance)
    return np.where(variance <= cc * FLAT, 0, gain)


def line(of_codes: Array, highest: Array) -> tuple[Array, Array]:
    """Scale and offset of least squared error, the offset not above its limit.

    [[S_cc, S_c], [S_c, S]] [scale, offset] = [S_cy, S_y]
    """
    total, y, c, cc, cy = of_codes
    determinant = total * cc - c * c
    offset = np.where(determinant <= total * cc * FLAT, 0, (y * cc - cy * c) / determinant)
    offset = np.minimum(offset, highest)
    scale = (cy - offset * c) / cc
    return np.where(scale > 0, scale, 0), np.where(scale > 0, offset, 0)


def joint(a: Array, b: Array, of_codes: Array, limit: int) -> tuple[Array, Array, Array, Array]:
    """Halves d, dmin (n,) and integers s, m (groups, n) for scales a ~ d s and mins b ~ dmin m.

    For a scale off by e and a min off by f the error grows by S_cc e^2 - 2 S_c e f + S f^2. The
    best f is e S_c / S, which leaves (S_cc - S_c^2 / S) e^2.
    """
    total, _, c, cc, _ = of_codes
    slope = c / total
    curvature = cc - slope * c
    d, dmin = unit_of(a, curvature, limit), unit_of(b, total, limit)
    pairs, errors = [], []
    for above in (0, 1):
        s = np.minimum(np.floor(a * inverse(d)) + above, limit)
        off = s * d - a
        best = b + off * slope
        m = np.rint(best * inverse(dmin)).clip(0, limit)
        pairs.append((s, m))
        errors.append(total * (best - m * dmin) ** 2 + curvature * off**2)
    s, m = np.where(errors[1] < errors[0], pairs[1], pairs[0])
    return *refit(a, b, s, m, of_codes, units=(d, dmin)), s, m


def unit_of(values: Array, curvature: Array, limit: int) -> Array:
    """The half (n,) of which values (groups, n) are nearly multiples 0 .. limit.

    Candidates take the largest value to the limit or one of the three integers before it.
    """
    candidates = [values.max(axis=0) / (limit - fewer) for fewer in range(4)]
    errors = []
    for candidate in candidates:
        unit = significant(candidate, 11, np.rint)
        multiple = values * inverse(unit)
        errors.append((curvature * (np.rint(multiple) - multiple) ** 2).sum(axis=0) * unit * unit)
    best = first_of_best(candidates, [-error for error in errors])
    return half(best + 2.0**-25)  # rounds subnormal halves up


def refit(
    a: Array, b: Array, s: Array, m: Array, of_codes: Array, *, units: tuple[Array, Array]
) -> tuple[Array, Array]:
    """The halves d, dmin of least error for integers s, m; the units given where that is unsafe.

    [[ss, -sm], [-sm, mm]] [d, dmin] = [sa, mb], sums over groups of the quadratic form of `joint`.
    """
    total, _, c, cc, _ = of_codes
    ss, mm, sm = (cc * s * s).sum(axis=0), (total * m * m).sum(axis=0), (m * c * s).sum(axis=0)
    sa, mb = (cc * s * a - s * c * b).sum(axis=0), (total * m * b - m * c * a).sum(axis=0)
    determinant = ss * mm - sm * sm
    d, dmin = (sa * mm + mb * sm) / determinant, (mb * ss + sa * sm) / determinant
    safe = (determinant > 1e-4 * ss * mm) & (np.minimum(d, dmin) > 2.0**-17)
    safe &= np.maximum(d, dmin) < LARGEST_HALF
    return half(np.where(safe, d, units[0])), half(np.where(safe, dmin, units[1]))
