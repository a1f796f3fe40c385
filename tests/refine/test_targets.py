"""Targets: errors that are linear in the input are taken back, noise is not believed."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq.refine.targets import Strengths, corrections, damped, strengths

Floats = NDArray[np.float32]
WIDTH, ROWS = 24, 24
ALL = Strengths(1.0, 1.0)


@dataclass(frozen=True)
class Sample:
    """Tokens: what comes in, and what the base has instead, beside the residual stream's error."""

    x: Floats
    dx: Floats
    dr: Floats

    @property
    def hessian(self) -> Floats:
        return self.x.T @ self.x

    @property
    def drift(self) -> Floats:
        return self.dx.T @ self.x

    @property
    def residual(self) -> Floats:
        return self.dr.T @ self.x

    def error(self, rows: Floats, targets: Floats) -> float:
        """What is left of the output's error, as a share of what there was."""
        wanted = (self.x + self.dx) @ rows.T + self.dr
        before, after = wanted - self.x @ rows.T, wanted - self.x @ targets.T
        return float(np.square(after).sum() / np.square(before).sum())


def drawn(n_tokens: int, *, linear: float, noise: float, seed: int) -> Sample:
    """Errors that are partly linear in the input, by the same matrices in every sample."""
    fixed, rng = np.random.default_rng(1), np.random.default_rng(seed)
    first, second = (fixed.normal(0, 1 / WIDTH**0.5, (WIDTH, WIDTH)) for _ in range(2))
    x = rng.normal(size=(n_tokens, WIDTH))
    dx = linear * x @ first + noise * rng.normal(size=x.shape)
    dr = linear * x @ second + noise * rng.normal(size=x.shape)
    return Sample(*(each.astype(np.float32) for each in (x, dx, dr)))


def rows() -> Floats:
    return np.random.default_rng(2).normal(size=(ROWS, WIDTH)).astype(np.float32)


def corrected(weights: Floats, sample: Sample, believed: Strengths) -> Floats:
    drift, residual = corrections(weights, sample, 1e-4, adds=True)
    assert residual is not None
    found = weights + np.float32(believed.drift) * drift
    found += np.float32(believed.residual) * residual
    return found


def test_linear_errors_are_taken_back() -> None:
    weights = rows()
    learned, others = (drawn(4000, linear=0.2, noise=0.0, seed=seed) for seed in (3, 4))
    believed = strengths(weights, corrections(weights, learned, 1e-4, adds=True), others, ALL)
    assert believed.drift == pytest.approx(1, abs=0.01)
    assert believed.residual == pytest.approx(1, abs=0.01)
    assert others.error(weights, corrected(weights, learned, believed)) < 1e-4


def test_noise_is_believed_the_less_the_fewer_tokens_there_are() -> None:
    weights = rows()
    others = drawn(4000, linear=0.0, noise=0.3, seed=5)
    for n_tokens in (2 * WIDTH, 8 * WIDTH):
        learned = drawn(n_tokens, linear=0.0, noise=0.3, seed=6)
        found = corrections(weights, learned, 1e-4, adds=True)
        believed = strengths(weights, found, others, ALL)
        assert believed.drift < 0.1
        assert believed.residual < 0.1
        assert others.error(weights, corrected(weights, learned, ALL)) > 1.05
        assert others.error(weights, corrected(weights, learned, believed)) < 1.01


def test_no_more_is_believed_than_is_allowed() -> None:
    weights = rows()
    learned, others = (drawn(4000, linear=0.2, noise=0.0, seed=seed) for seed in (3, 4))
    found = corrections(weights, learned, 1e-4, adds=True)
    assert strengths(weights, found, others, Strengths(0.5, 0.25)) == Strengths(0.5, 0.25)


def test_a_matrix_that_adds_to_nothing_has_one_correction() -> None:
    weights = rows()[:7]
    learned = drawn(500, linear=0.2, noise=0.0, seed=3)
    drift, residual = corrections(weights, learned, 1e-4, adds=False)
    assert drift.shape == weights.shape
    assert residual is None
    assert strengths(weights, (drift, None), learned, ALL).residual == 0


def test_without_any_error_nothing_changes() -> None:
    weights = rows()
    same = drawn(500, linear=0.0, noise=0.0, seed=3)
    found = corrections(weights, same, 1e-4, adds=True)
    assert strengths(weights, found, same, ALL) == Strengths(0.0, 0.0)
    assert not any(each.any() for each in found if each is not None)


def test_columns_never_reached_keep_the_matrix_invertible() -> None:
    hessian = np.diag(np.array([4, 0, 2, 0], np.float32))
    assert np.diag(damped(hessian, 0.1)).tolist() == pytest.approx([4.15, 1.5, 2.15, 1.5])
    assert np.diag(damped(np.zeros((3, 3), np.float32), 0.1)).tolist() == [1, 1, 1]
