"""The sums that a search takes are those of plain arithmetic."""

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq_kernels.search import candidates
from llmq_kernels.search.candidates import LineCandidates
from llmq_kernels.search.line_slabs import EqualSlab, LineSlab, WeightedSlab
from llmq_kernels.search.slabs import Workspace

Floats = NDArray[np.float32]

N = 500

every_group = pytest.mark.parametrize(
    ("k", "max_code", "candidates"),
    [(16, 3, candidates.Q2_K), (32, 15, candidates.Q4_K), (32, 31, candidates.Q5_K)],
    ids=["Q2_K", "Q4_K", "Q5_K"],
)


def rows_of(k: int, y_max: float) -> Floats:
    """Integers 0 .. y_max (N, k): random ones, and a row of each single one."""
    rows = np.random.default_rng(1).integers(0, int(y_max) + 1, (N, k))
    rows[: N // 2] = np.linspace(0, y_max, N // 2)[:, None]
    return rows.astype(np.float32)


def summed(slab: LineSlab, rows: Floats, count: int) -> tuple[Floats, Floats]:
    """Sums of weight * y (N,), and those of `count` candidates (3, count, N), for y = rows."""
    sum_y, sums = np.empty(N, np.float32), np.empty((3, count, N), np.float32)
    slab.transpose(rows)
    slab.normalize(np.zeros(N, np.float32), np.ones(N, np.float32), sum_y)
    slab.round_candidates(sums)
    return sum_y, sums


@every_group
def test_equal_slabs_find_sums_beyond_16_bits(
    k: int, max_code: int, candidates: LineCandidates
) -> None:
    slab = EqualSlab(slice(0, N), Workspace(N, 1, k, None), max_code, candidates.plain)
    rows = rows_of(k, float(slab.y_max))
    sum_y, sums = summed(slab, rows, len(candidates.plain))
    y = rows.T.astype(np.int64)
    assert np.array_equal(sum_y, y.sum(axis=0))
    for number, (steps, shift) in enumerate(candidates.plain):
        step = round(float(slab.y_max) / steps)
        assert step * k * max_code < 1 << 16
        offset = min(round((shift + 0.5) * step), (max_code + 1) * step - 1 - int(slab.y_max))
        codes = (y + offset) // step
        assert codes.max() <= max_code
        assert np.array_equal(sums[0, number], codes.sum(axis=0))
        assert np.array_equal(sums[1, number], (codes * codes).sum(axis=0))
        assert np.array_equal(sums[2, number], (codes * y).sum(axis=0))


@every_group
def test_weighted_slabs_sum_up_what_they_say(
    k: int, max_code: int, candidates: LineCandidates
) -> None:
    importance = np.random.default_rng(2).random((N, k), np.float32)  # up to 1: taken as it is
    space = Workspace(N, 1, k, importance)
    slab = WeightedSlab(slice(0, N), space, max_code, candidates.weighted)
    rows = rows_of(k, 1000) / np.float32(1000)
    sum_y, sums = summed(slab, rows, len(candidates.weighted))
    y, weights = rows.T, importance.T
    for number, (steps, shift) in enumerate(candidates.weighted):
        codes = np.rint(y * np.float32(steps) + np.float32(shift))
        for found, terms in zip(sums[:, number], (codes, codes * codes, codes * y), strict=True):
            assert np.allclose(found, (weights * terms).sum(axis=0), rtol=1e-5)
    assert np.allclose(sum_y, (weights * y).sum(axis=0), rtol=1e-5)


@pytest.mark.parametrize(
    ("max_code", "of_format"),
    [
        (3, candidates.Q2_K),
        (15, candidates.Q4_K),
        (15, candidates.Q4_1),
        (31, candidates.Q5_K),
        (31, candidates.Q5_1),
    ],
)
def test_no_candidate_needs_clipping(max_code: int, of_format: LineCandidates) -> None:
    for roundings in of_format:
        assert len(roundings) <= 8
        for steps, shift in roundings:
            assert abs(shift) < 0.5
            assert steps + shift < max_code + 0.5
