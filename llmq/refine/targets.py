"""Targets: what a matrix should be, when its input and the stream that it adds to have errors.

The base computes W x_base + r_base. What comes in is x = x_base - dx, beside a residual stream
r = r_base - dr, so the same sum asks for T x = W x + W dx + dr. Over the tokens of a calibration
the best T is W + W <dx x^T> H^-1 + <dr x^T> H^-1 with H = <x x^T>: what of the errors is linear in
the input is taken back (GPTAQ, arXiv 2504.02692, for the first term). Both corrections are learned
on some windows, and how much of each is believed is what serves on others: fewer tokens, less.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Sums(Protocol):
    """What is known of a group's input x, summed over tokens; llmq.calibration.twin has them."""

    @property
    def hessian(self) -> Floats:
        """x^T x, (n_cols, n_cols)."""

    @property
    def drift(self) -> Floats:
        """dx^T x, (n_cols, n_cols)."""

    @property
    def residual(self) -> Floats:
        """dr^T x, (n_rows of a matrix that adds to the residual stream, n_cols)."""


@dataclass(frozen=True)
class Strengths:
    """How much of each correction is believed, 0 to 1."""

    drift: float
    residual: float


def damped(hessian: Floats, damping: float) -> NDArray[np.float64]:
    """H with a share of its mean diagonal added, and columns never reached made harmless."""
    result = hessian.astype(np.float64)
    diagonal = np.einsum("ii->i", result)
    mean = diagonal.mean() or 1.0
    diagonal += np.where(diagonal == 0, mean, damping * mean)
    return result


def corrections(
    rows: Floats, sums: Sums, damping: float, *, adds: bool
) -> tuple[Floats, Floats | None]:
    """The corrections of a matrix (n_rows, n_cols) for its input's drift and the residual's."""
    inverse = np.linalg.inv(damped(sums.hessian, damping)).astype(np.float32)
    drift = rows @ (sums.drift @ inverse)
    return drift, sums.residual @ inverse if adds else None


def strengths(
    rows: Floats, found: tuple[Floats, Floats | None], checked: Sums, most: Strengths
) -> Strengths:
    """The shares of both corrections that serve best on the tokens to check with, up to `most`.

    Least squares of W dx + dr - (a A + b B) x in (a, b).
    """
    drift, residual = found
    wanted = rows @ checked.drift
    if residual is not None:
        wanted = wanted + checked.residual
    bases = [drift] if residual is None else [drift, residual]
    seen = [base @ checked.hessian for base in bases]
    normal = np.array([[np.vdot(one, other) for other in bases] for one in seen], np.float64)
    right = np.array([np.vdot(base, wanted) for base in bases], np.float64)
    shares = np.linalg.lstsq(normal, right, rcond=1e-9)[0]
    a = float(np.clip(shares[0], 0, most.drift))
    if residual is None:
        return Strengths(a, 0.0)
    return Strengths(a, float(np.clip(shares[1], 0, most.residual)))
