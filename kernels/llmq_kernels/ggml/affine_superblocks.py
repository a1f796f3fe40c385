"""quantize_row_q4_K_ref, quantize_row_q4_K_impl and those of Q5_K and Q2_K.

A search finds scale, offset and codes for each group. The scales of a superblock are then expressed
in a common unit d and the mins (the offsets, negated) in dmin; and the codes are found once more,
for the scales and mins as stored.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, in_quads
from llmq_kernels.arrays.columns import Columns, Floats, buffer
from llmq_kernels.arrays.float16 import to_f16
from llmq_kernels.arrays.sums import column_sums
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import Groups, OffsetParts, StoreOffsets
from llmq_kernels.ggml.affine import (
    WITH_IMPORTANCE,
    AffineSearch,
    Fits,
    Steps,
    codes_of,
    round_codes,
)
from llmq_kernels.ggml.error_weights import ErrorWeights, mean_and_magnitude, sums_of_squares
from llmq_kernels.ggml.scale_codes import by_largest, by_least_squares


@dataclass(frozen=True)
class _Found:
    """What was found for n superblocks: the lines of their groups, and the codes of these."""

    fits: Fits
    units: Floats
    """d and dmin, (2, n)."""
    codes: Bytes
    """Of scales and mins, (2, groups, n)."""


_Method = Callable[[Floats], _Found]


@dataclass(frozen=True)
class AffineSuperblocks:
    """Makes kernels for superblocks whose groups have a scale and a min."""

    groups: Groups
    steps: Steps
    """The candidates of the search without importance."""
    as_stored: Callable[[Bytes, Bytes], tuple[Bytes, Bytes]]
    """What codes of scales and mins become where they do not fit their bits.

    Where few weights matter, rounding errors may make a scale negative, and its code a large one.
    """
    store: StoreOffsets
    absolute: bool = False
    """Whether the search without importance adds up distances instead of their squares."""
    weigh: Callable[[Floats, Floats], None] = mean_and_magnitude
    """Fills in its error weights for columns (k, n)."""
    mean_squares: int = 2
    """How many times a superblock's mean square makes the sigma2 of `error_weights.py`."""

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        groups, k = self.groups.groups, self.groups.k
        columns = Columns(n, groups, k)
        find = _plain(self, n) if importance is None else _weighted(self, n, importance)
        work = buffer((k, groups, n))

        def encode(rows: Floats, out: Blocks) -> None:
            x = columns(rows)
            found = find(x)
            d, dmin = units = to_f16(found.units)
            scales, mins = self.as_stored(*found.codes)
            steps, offsets = units.astype(np.float32)[:, None] * np.stack([scales, mins])
            codes = self._codes(x, steps, offsets, found.fits, work)
            self.store(out, OffsetParts(d, dmin, in_quads(codes), scales, mins))

        return encode

    def _codes(self, x: Floats, steps: Floats, offsets: Floats, fits: Fits, work: Floats) -> Bytes:
        """The codes for the stored scales; where those are 0, those that the search fitted."""
        unscaled = np.flatnonzero(steps == 0)
        steps.reshape(-1)[unscaled] = np.inf
        scaled = np.add(x, offsets, out=work)
        scaled /= steps
        k, max_code = self.groups.k, self.groups.max_code
        codes = round_codes(scaled, max_code)
        if len(unscaled):
            fitted = Fits(*(each[unscaled] for each in fits))
            found = codes_of(x.reshape(k, -1)[:, unscaled], fitted, max_code)
            codes.reshape(k, -1)[:, unscaled] = found
        return codes


def _plain(kind: AffineSuperblocks, n: int) -> _Method:
    """Find everything as the functions named _ref do."""
    k, n_groups = kind.groups.k, kind.groups.groups * n
    search = AffineSearch(k, n_groups, kind.groups.max_code, kind.steps, absolute=kind.absolute)
    weights = buffer((k, n_groups))

    def find(x: Floats) -> _Found:
        groups = x.reshape(k, n_groups)
        kind.weigh(groups, weights)
        fits = search(groups, weights)
        units, codes = by_largest(_scales_and_mins(fits, n), kind.groups.max_scale)
        return _Found(fits, units.reshape(2, n), _split(codes, n))

    return find


def _weighted(kind: AffineSuperblocks, n: int, importance: Floats) -> _Method:
    """Find everything as the functions named _impl do."""
    k, n_groups = kind.groups.k, kind.groups.groups * n
    search = AffineSearch(k, n_groups, kind.groups.max_code, WITH_IMPORTANCE)
    weigh = ErrorWeights(importance, n, kind.groups.groups, k)
    totals = np.empty(n_groups, np.float32)

    def find(x: Floats) -> _Found:
        squares = sums_of_squares(x) * np.float32(kind.mean_squares)
        weights = weigh(x, squares / np.float32(kind.groups.groups * k)).reshape(k, n_groups)
        fits = search(x.reshape(k, n_groups), weights)
        column_sums(weights, totals)
        of_both = np.tile(totals.reshape(kind.groups.groups, n), 2)
        units, codes = by_least_squares(_scales_and_mins(fits, n), of_both, kind.groups.max_scale)
        return _Found(fits, units.reshape(2, n), _split(codes, n))

    return find


def _scales_and_mins(fits: Fits, n: int) -> Floats:
    """Side by side, (groups, 2 n)."""
    return np.concatenate([fits.scale.reshape(-1, n), -fits.offset.reshape(-1, n)], axis=1)


def _split(codes: Bytes, n: int) -> Bytes:
    """Of (groups, 2 n) make (2, groups, n)."""
    return codes.reshape(-1, 2, n).transpose(1, 0, 2)
