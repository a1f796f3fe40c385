"""Our own search, as plainly as it can be written: the reference that tests compare it with.

A group of k weights x with error weights w (the importance of their columns, or ones) becomes

    affine:     x ~ scale * c + offset,   codes c = 0 .. max_code
    symmetric:  x ~ scale * v,            levels v: integers, or the values of a codebook

with a small error sum w (x - approximation)^2. For given codes the best scale and offset follow by
least squares from a few sums over the group, and so does how much of sum w x^2 they explain. Some
candidates, each a way to round the group, are compared by that alone. The scale and the offset of
the best are stored, as halves or as small integers in units of a superblock's halves, and the
weights are rounded once more, to what is stored.

Everything is computed in the precision asked for. In double precision this is what the search
means; in single precision, where rounding decides between candidates that are equally good, what it
does, because operations have the same order. Arrays are (k, groups, n): weights of a group, groups
of a block, blocks.
"""

import numpy as np
from numpy.typing import DTypeLike

from tests.oracles.affine_search import Affine
from tests.oracles.rounding import Array, Term
from tests.oracles.symmetric_search import Symmetric, codebook, integers

CODES_3 = ((2.95, 0.45), (3.4, -0.45), (3.4, 0.0), (3.55, -0.3))
CODES_15 = ((14.25, 0.0), (14.75, 0.45), (15.25, -0.45), (15.25, -0.15), (15.25, 0.0))
CODES_31 = ((30.0, 0.0), (30.75, 0.45), (31.0, 0.0), (31.25, -0.45))
WEIGHTED_3 = ((2.8, -0.45), (2.95, 0.45), (3.4, -0.45), (3.55, -0.15))
WEIGHTED_15 = ((12.75, 0.15), (13.25, 0.45), (15.0, 0.3), (15.25, -0.45), (15.25, -0.15))
WEIGHTED_31 = ((29.75, 0.15), (30.25, 0.3), (31.0, 0.3), (31.5, -0.45))
WEIGHTED_BLOCKS_15 = (
    *((12.4, 0.0), (12.9, 0.15), (13.9, -0.15), (14.15, 0.0)),
    *((15.15, 0.3), (15.15, -0.45), (15.4, -0.15), (15.4, -0.3)),
)
WEIGHTED_BLOCKS_31 = (
    *((27.0, 0.15), (28.0, 0.0), (29.0, 0.0), (30.0, 0.0)),
    *((30.75, 0.15), (31.0, 0.45), (31.25, -0.45), (31.5, -0.15)),
)
LEVELS = (-136.0, -124.0, -108.0, 114.0)
WEIGHTED_LEVELS = (-140.0, -130.0, -120.0, -108.0, 106.0, 120.0)

REFERENCES: dict[str, Affine | Symmetric] = {
    "Q4_1": Affine(max_code=15, equal=CODES_15, weighted=WEIGHTED_BLOCKS_15),
    "Q5_1": Affine(max_code=31, equal=CODES_31, weighted=WEIGHTED_BLOCKS_31),
    "Q2_K": Affine(groups=16, k=16, max_code=3, limit=15, equal=CODES_3, weighted=WEIGHTED_3),
    "Q4_K": Affine(groups=8, max_code=15, limit=63, equal=CODES_15, weighted=WEIGHTED_15),
    "Q5_K": Affine(groups=8, max_code=31, limit=63, equal=CODES_31, weighted=WEIGHTED_31),
    "Q4_0": Symmetric(
        round=integers(8),
        equal=(-8.6, -8.0, -6.95, 7.55),
        weighted=(-8.8, -8.2, -6.95, 7.6),
    ),
    "Q5_0": Symmetric(
        round=integers(16),
        equal=(-16.5, -15.9, -15.3, -14.7),
        weighted=(-16.5, -16.0, -14.95, -14.0),
    ),
    "IQ4_NL": Symmetric(round=codebook, equal=LEVELS, weighted=WEIGHTED_LEVELS),
    "IQ4_XS": Symmetric(
        groups=8, round=codebook, limit=32, units=3, equal=LEVELS, weighted=WEIGHTED_LEVELS
    ),
    "Q3_K": Symmetric(
        groups=16,
        k=16,
        round=integers(4),
        limit=32,
        units=12,
        equal=(-4.6, -4.2, -3.8, -3.2, 3.8),
        weighted=(-5.4, -4.5, -3.9, -3.1, 4.3),
    ),
    "Q6_K": Symmetric(
        groups=16,
        k=16,
        round=integers(32),
        limit=128,
        equal=(-32.0, -31.0, -30.0),
        weighted=(-32.0, -31.0, -30.0, -28.5),
    ),
}


def search(
    name: str, rows: Array, importance: Array | None, precision: DTypeLike = np.float64
) -> list[Term]:
    """The terms that make up a format's blocks for rows (n_rows, n_cols), one for each half.

    Their integers have the shape of the rows. `importance` is that of the columns, (n_cols,).
    """
    kind = REFERENCES[name]

    def in_groups(values: Array) -> Array:
        blocks = values.astype(precision).reshape(-1, kind.groups, kind.k)
        return np.ascontiguousarray(blocks.transpose(2, 1, 0))

    x = in_groups(rows)
    w = np.ones_like(x)
    if importance is not None:  # the largest is made 1/2 .. 1, and none vanishes
        relative = np.ldexp(importance, -np.frexp(importance.max())[1])
        w = in_groups(np.broadcast_to(np.maximum(relative, 2.0**-40), rows.shape))
    with np.errstate(all="ignore"):
        terms = kind.search(x, w, equal=importance is None)
    return [(unit, whole.transpose(2, 1, 0).reshape(rows.shape)) for unit, whole in terms]
