"""The codes of superblocks of 16 groups of 16 weights, once their groups' scales are stored.

A search finds scales and codes; then the scales are rounded to be stored, and the weights rounded
anew for what they have become: value = step * (q - nmax).
Source: ggml-quants.c, the last loops of quantize_row_q3_K_ref and quantize_row_q6_K_ref.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Bytes
from llmq_kernels.arrays.buffers import buffer
from llmq_kernels.arrays.columns import Columns, Floats, spread
from llmq_kernels.arrays.rounding import nearest, to_codes

GROUPS = 16

COARSE = np.float32(0.26)
"""Steps that are larger, in the unit of 1 / inverse, leave no quotient beyond 127."""

Searched = Callable[[NDArray[np.intp]], Bytes]


class StoredScales:
    """Rounds n superblocks to codes 0 .. 2 * nmax - 1 in quads (64, n * 4)."""

    def __init__(self, n: int, nmax: int) -> None:
        self._nmax = nmax
        self._codes = buffer((GROUPS * 4, n * 4), np.uint8)

    def __call__(
        self, columns: Columns, x: Floats, steps: Floats, inverses: Floats, searched: Searched
    ) -> Bytes:
        """Round the weights that were turned last, to x (16, GROUPS * n), for steps (GROUPS * n,).

        `inverses` are the factors that the search multiplied x by; `searched` tells the codes that
        it found for some columns. They are kept where a step is 0.
        """
        quotients = columns.quads.reshape(GROUPS, 4, -1)
        quotients /= spread(steps).reshape(GROUPS, 1, -1)
        to_codes(quotients.reshape(self._codes.shape), self._nmax, self._codes)
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
