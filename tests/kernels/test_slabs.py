"""The sums that a search takes are those of plain arithmetic."""

import numpy as np
import pytest

from llmq_kernels.arrays.columns import Columns
from llmq_kernels.search.affine import TRIES, WEIGHTED_BLOCK_TRIES, WEIGHTED_TRIES
from llmq_kernels.search.slabs import EqualSlab, Tries, WeightedSlab

N = 500

GROUPS = [(16, 3), (32, 15), (32, 31)]  # of k weights with codes 0 .. top

every_group = pytest.mark.parametrize(("k", "top"), GROUPS)


def columns(k: int, reach: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Integers 0 .. reach (N, k): random ones, and a column of each single one."""
    rows = np.random.default_rng(1).integers(0, int(reach) + 1, (N, k))
    rows[: N // 2] = np.linspace(0, reach, N // 2)[:, None]
    return rows.astype(np.float32)


@every_group
def test_equal_slabs_find_sums_beyond_16_bits(k: int, top: int) -> None:
    tries = TRIES[top]
    slab = EqualSlab(slice(0, N), Columns(N, 1, k), k, top, tries)
    rows = columns(k, float(slab.reach))
    slab.turn(rows)
    sum_y, sums = np.empty(N, np.float32), np.empty((3, len(tries), N), np.float32)
    slab.spread_out(np.zeros(N, np.float32), np.ones(N, np.float32), sum_y)
    slab.attempt(sums)
    y = rows.T.astype(np.int64)
    assert np.array_equal(sum_y, y.sum(axis=0))
    for number, (steps, shift) in enumerate(tries):
        step = round(float(slab.reach) / steps)
        assert step * k * top < 1 << 16
        offset = min(round((shift + 0.5) * step), (top + 1) * step - 1 - int(slab.reach))
        codes = (y + offset) // step
        assert codes.max() <= top
        assert np.array_equal(sums[0, number], codes.sum(axis=0))
        assert np.array_equal(sums[1, number], (codes * codes).sum(axis=0))
        assert np.array_equal(sums[2, number], (codes * y).sum(axis=0))


@every_group
def test_weighted_slabs_sum_up_what_they_say(k: int, top: int) -> None:
    tries = WEIGHTED_TRIES[top]
    weights = np.random.default_rng(2).random((k, N), np.float32)
    slab = WeightedSlab(slice(0, N), Columns(N, 1, k), weights, top, tries)
    rows = columns(k, 1000) / np.float32(1000)
    slab.turn(rows)
    sum_y, sums = np.empty(N, np.float32), np.empty((3, len(tries), N), np.float32)
    slab.spread_out(np.zeros(N, np.float32), np.ones(N, np.float32), sum_y)
    slab.attempt(sums)
    y = rows.T
    for number, (steps, shift) in enumerate(tries):
        codes = np.rint(y * np.float32(steps) + np.float32(shift))
        for found, terms in zip(sums[:, number], (codes, codes * codes, codes * y), strict=True):
            assert np.allclose(found, (weights * terms).sum(axis=0), rtol=1e-5)
    assert np.allclose(sum_y, (weights * y).sum(axis=0), rtol=1e-5)


@pytest.mark.parametrize("table", [TRIES, WEIGHTED_TRIES, WEIGHTED_BLOCK_TRIES])
def test_no_try_needs_clipping(table: dict[int, Tries]) -> None:
    for top, tries in table.items():
        assert len(tries) <= 8
        for steps, shift in tries:
            assert abs(shift) < 0.5
            assert steps + shift < top + 0.5
