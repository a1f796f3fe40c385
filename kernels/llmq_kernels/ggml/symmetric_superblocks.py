"""quantize_row_q3_K_ref, quantize_row_q3_K_impl, quantize_row_q6_K_ref, quantize_row_q6_K_impl.

A search finds scales and codes for 16 groups of 16 weights. The scales of a superblock are then
expressed in a common unit d, and the weights rounded anew for the scales as stored.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks, Bytes
from llmq_kernels.arrays.columns import Columns, Floats, buffer, spread
from llmq_kernels.arrays.float16 import Halves, to_f16
from llmq_kernels.arrays.rounding import first_largest, nearest, round_symmetric
from llmq_kernels.arrays.sums import column_sums
from llmq_kernels.format import Encode
from llmq_kernels.formats.parts import ScaleParts, StoreScales
from llmq_kernels.ggml.descent import CodeDescent
from llmq_kernels.ggml.error_weights import ErrorWeights, in_columns, sums_of_squares
from llmq_kernels.ggml.symmetric import NEGLIGIBLE, SymmetricSearch

GROUPS = 16

COARSE = np.float32(0.26)
"""Steps that are larger, in the unit of 1 / inverse, leave no quotient beyond 127."""

Searched = Callable[[NDArray[np.intp]], Bytes]


class StoredScales:
    """Rounds n superblocks, once their scales are stored, to codes 0 .. 2 * nmax - 1 in quads."""

    def __init__(self, n: int, nmax: int) -> None:
        self._nmax = nmax
        self._codes = buffer((GROUPS * 4, n * 4), np.uint8)

    def __call__(
        self, columns: Columns, x: Floats, steps: Floats, inverses: Floats, searched: Searched
    ) -> Bytes:
        """Round the weights transposed last, x (16, GROUPS * n), to steps (GROUPS * n,).

        `inverses` are the factors that the search multiplied x by; `searched` gives the codes that
        it found for some columns. They are kept where a step is 0.
        """
        quotients = columns.quads.reshape(GROUPS, 4, -1)
        quotients /= spread(steps).reshape(GROUPS, 1, -1)
        round_symmetric(quotients.reshape(self._codes.shape), self._nmax, self._codes)
        odd = np.flatnonzero(~(np.abs(steps * inverses) > COARSE))
        if len(odd):
            anew = nearest(np.take(x, odd, axis=1) / steps[odd])
            anew = np.clip(anew, -self._nmax, self._nmax - 1) + self._nmax
            self._replace(odd, np.where(steps[odd] == 0, searched(odd), anew))
        return self._codes

    def _replace(self, columns: NDArray[np.intp], codes: NDArray[np.int32]) -> None:
        """Write codes (16, m) over those of columns (m,)."""
        by_groups = self._codes.reshape(GROUPS, 4, -1, 4)
        group, block = np.divmod(columns, by_groups.shape[2])
        by_groups[group, :, block] = codes.T.reshape(-1, 4, 4)


@dataclass(frozen=True)
class SixBitScales:
    """Makes encoders of Q3_K."""

    store: StoreScales

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        if importance is None:
            return self._plain(n)
        return self._weighted(n, importance)

    def _plain(self, n: int) -> Encode:
        """quantize_row_q3_K_ref."""
        columns, round_anew = Columns(n, GROUPS, 16), StoredScales(n, 4)
        descent = CodeDescent(GROUPS * n, 4)

        def encode(rows: Floats, out: Blocks) -> None:
            x = columns(rows).reshape(16, -1)  # (16, GROUPS * n)
            found, inverses = descent(x)
            d, scales = _six_bit_scales(found.reshape(GROUPS, -1))
            codes = round_anew(columns, x, _steps(d, scales), inverses, descent.codes)
            self.store(out, ScaleParts(d, codes, scales))

        return encode

    def _weighted(self, n: int, importance: Floats) -> Encode:
        """quantize_row_q3_K_impl."""
        columns, round_anew = Columns(n, GROUPS, 16), StoredScales(n, 4)
        weigh = ErrorWeights(importance, n, GROUPS, 16)
        search, search_unit = SymmetricSearch(16, GROUPS * n, 4), SymmetricSearch(GROUPS, n, 32)
        totals = np.empty(GROUPS * n, np.float32)

        def encode(rows: Floats, out: Blocks) -> None:
            x = columns(rows)  # (16, GROUPS, n)
            sigma2 = np.float32(2) * sums_of_squares(x) / np.float32(256)
            weights = weigh(x, sigma2).reshape(16, -1)
            x = x.reshape(16, -1)
            found, inverses = search(x, weights)
            found = found.reshape(GROUPS, -1)
            column_sums(weights, totals)
            unit, inverse = search_unit(found, totals.reshape(GROUPS, -1))
            d, scales = to_f16(unit), search_unit.codes(found, inverse)
            codes = round_anew(
                columns,
                x,
                _steps(d, scales),
                inverses,
                lambda some: search.codes(x[:, some], inverses[some]),
            )
            self.store(out, ScaleParts(d, codes, scales))

        return encode


def _six_bit_scales(scales: Floats) -> tuple[Halves, Bytes]:
    """Find d (n,) and the scales (GROUPS, n), 0 .. 63, in its units; all 0 if the scales are."""
    largest = first_largest(scales)
    inverse = np.float32(-32) / largest
    units = np.clip(nearest(inverse * scales), -32, 31) + 32
    zero = np.flatnonzero(largest == 0)
    units[:, zero] = 0
    d = to_f16(np.float32(1) / inverse)
    d[zero] = 0
    return d, units.astype(np.uint8)


def _steps(d: Halves, scales: Bytes) -> Floats:
    steps = scales.astype(np.float32)
    steps -= 32
    steps *= d.astype(np.float32)
    return steps.reshape(-1)


@dataclass(frozen=True)
class SignedScales:
    """Makes encoders of Q6_K; with importance, this alone is the error weight."""

    store: StoreScales

    def __call__(self, n: int, importance: Floats | None) -> Encode:
        """Make a kernel for n superblocks."""
        columns, round_anew = Columns(n, GROUPS, 16), StoredScales(n, 32)
        search = SymmetricSearch(16, GROUPS * n, 32)
        weights = buffer((16, GROUPS * n))  # of the squared errors
        if importance is not None:
            weights[...] = in_columns(importance, n, GROUPS, 16).reshape(16, -1)

        def encode(rows: Floats, out: Blocks) -> None:
            x = columns(rows).reshape(16, -1)  # (16, GROUPS * n)
            if importance is None:
                np.multiply(x, x, out=weights)
            found, inverses = search(x, weights)
            d, scales, negligible = _signed_scales(found.reshape(GROUPS, -1))
            steps = (d.astype(np.float32) * scales.astype(np.float32)).reshape(-1)
            codes = round_anew(
                columns, x, steps, inverses, lambda some: search.codes(x[:, some], inverses[some])
            )
            self.store(out, ScaleParts(d, codes, scales.view(np.uint8)))
            out[negligible] = 0

        return encode


def _signed_scales(
    scales: Floats,
) -> tuple[Halves, NDArray[np.int8], NDArray[np.bool_]]:
    """Find d (n,), the scales (GROUPS, n) in its units, and which blocks are negligible."""
    largest = first_largest(scales)
    inverse = np.float32(-128) / largest
    units = np.minimum(nearest(inverse * scales), 127).astype(np.int8)
    return to_f16(np.float32(1) / inverse), units, np.abs(largest) < NEGLIGIBLE
