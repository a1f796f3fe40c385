"""The candidates: roundings of a group, of which our search refines the best.

They come from a greedy search for the sets of which the best candidate leaves the least error, on
weights of many distributions. `scripts/find-candidates` does such a search: on its weights the sets
here leave 0 to 1.5 % more error than those it finds, and it shows both.
"""

from typing import NamedTuple

Roundings = tuple[tuple[float, float], ...]
"""The steps that a group's range is divided into, and a shift in steps; at most eight of them.

They keep to |shift| < 0.5 and steps + shift < max_code + 0.5, so that no code needs clipping. The
shifts matter as much as the steps: without one the lowest weight is met exactly, and the highest
nearly so, at the expense of all weights in between.
"""

Factors = tuple[float, ...]
"""Where a group's weight of largest magnitude comes to lie among the values of a grid."""


class LineCandidates(NamedTuple):
    """For scale * code + offset."""

    plain: Roundings
    weighted: Roundings
    """With importance."""


class ScaleCandidates(NamedTuple):
    """For scale * value."""

    plain: Factors
    weighted: Factors
    """With importance."""


Q2_K = LineCandidates(
    plain=((2.95, 0.45), (3.4, -0.45), (3.4, 0.0), (3.55, -0.3)),
    weighted=((2.8, -0.45), (2.95, 0.45), (3.4, -0.45), (3.55, -0.15)),
)
Q4_K = LineCandidates(
    plain=((14.25, 0.0), (14.75, 0.45), (15.25, -0.45), (15.25, -0.15), (15.25, 0.0)),
    weighted=((12.75, 0.15), (13.25, 0.45), (15.0, 0.3), (15.25, -0.45), (15.25, -0.15)),
)
Q5_K = LineCandidates(
    plain=((30.0, 0.0), (30.75, 0.45), (31.0, 0.0), (31.25, -0.45)),
    weighted=((29.75, 0.15), (30.25, 0.3), (31.0, 0.3), (31.5, -0.45)),
)

# Single blocks have no step from one group's scale to the next, which hides small differences.
Q4_1 = LineCandidates(
    plain=Q4_K.plain,
    weighted=(
        *((12.4, 0.0), (12.9, 0.15), (13.9, -0.15), (14.15, 0.0)),
        *((15.15, 0.3), (15.15, -0.45), (15.4, -0.15), (15.4, -0.3)),
    ),
)
Q5_1 = LineCandidates(
    plain=Q5_K.plain,
    weighted=(
        *((27.0, 0.15), (28.0, 0.0), (29.0, 0.0), (30.0, 0.0)),
        *((30.75, 0.15), (31.0, 0.45), (31.25, -0.45), (31.5, -0.15)),
    ),
)

Q3_K = ScaleCandidates(
    plain=(-4.6, -4.2, -3.8, -3.2, 3.8),
    weighted=(-5.4, -4.5, -3.9, -3.1, 4.3),
)
Q4_0 = ScaleCandidates(
    plain=(-8.6, -8.0, -6.95, 7.55),
    weighted=(-8.8, -8.2, -6.95, 7.6),
)
Q5_0 = ScaleCandidates(
    plain=(-16.5, -15.9, -15.3, -14.7),
    weighted=(-16.5, -16.0, -14.95, -14.0),
)
Q6_K = ScaleCandidates(
    plain=(-32.0, -31.0, -30.0),
    weighted=(-32.0, -31.0, -30.0, -28.5),
)
IQ4 = ScaleCandidates(
    plain=(-136.0, -124.0, -108.0, 114.0),
    weighted=(-140.0, -130.0, -120.0, -108.0, 106.0, 120.0),
)
"""Of IQ4_NL and IQ4_XS."""
