"""Weights to compare encoders on: what models hold, and what breaks quantizers.

Every family is a function of (rng, n_blocks) that gives float32 (n_blocks, 256); the values of a
row form one superblock, or eight blocks of 32.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from llmq_kernels import FORMATS, Encoder

Rows = NDArray[np.float32]
Family = Callable[[np.random.Generator, int], Rows]

ROW = 256


def _normal(rng: np.random.Generator, n: int) -> Rows:
    return rng.standard_normal((n, ROW), np.float32)


def _student(rng: np.random.Generator, n: int) -> Rows:
    return rng.standard_t(3, (n, ROW)).astype(np.float32)


def _stored_as(name: str) -> Family:
    def family(rng: np.random.Generator, n: int) -> Rows:
        stored = FORMATS[name]
        return stored.decode(
            stored.encode(_normal(rng, n) * np.float32(0.02), encoder=Encoder.GGML)
        )

    return family


def _ties(rng: np.random.Generator, n: int) -> Rows:
    return rng.integers(-4, 5, (n, ROW)).astype(np.float32) * np.float32(0.25)


def _sparse(rng: np.random.Generator, n: int) -> Rows:
    return _normal(rng, n) * (rng.random((n, ROW), np.float32) < 0.05)


def _outliers(rng: np.random.Generator, n: int) -> Rows:
    return np.where(rng.random((n, ROW), np.float32) < 0.01, 50, 1) * _normal(rng, n)


def _constant(rng: np.random.Generator, n: int) -> Rows:
    return np.repeat(_normal(rng, n)[:, :1], ROW, axis=1)


def _scaled(factor: float) -> Family:
    return lambda rng, n: _normal(rng, n) * np.float32(factor)


def _mixed_magnitudes(rng: np.random.Generator, n: int) -> Rows:
    with np.errstate(over="ignore"):
        exponents = np.clip(8 * _normal(rng, n), -80, 80)
        return np.exp(exponents) * rng.choice([-1, 1], (n, ROW)).astype(np.float32)


def _half_zeros(rng: np.random.Generator, n: int) -> Rows:
    rows = _normal(rng, n)
    rows[:, ROW // 2 :] = 0
    return rows * (rng.random((n, ROW), np.float32) < 0.5)


def _signed_zeros(rng: np.random.Generator, n: int) -> Rows:
    return np.where(rng.random((n, ROW)) < 0.5, 0.0, -0.0).astype(np.float32)


def _spikes(rng: np.random.Generator, n: int) -> Rows:
    rows = np.zeros((n, ROW), np.float32)
    rows[np.arange(n), rng.integers(0, ROW, n)] = _normal(rng, n)[:, 0]
    return rows


def _near_powers_of_two(rng: np.random.Generator, n: int) -> Rows:
    bits = np.float32(2) ** rng.integers(-20, 4, (n, ROW)).astype(np.float32)
    bits.view(np.int32)[...] += rng.integers(-1, 2, (n, ROW), np.int32)
    return bits * rng.choice([-1, 1], (n, ROW)).astype(np.float32)


def _integers(rng: np.random.Generator, n: int) -> Rows:
    return rng.integers(-127, 128, (n, ROW)).astype(np.float32)


def _half_integers(rng: np.random.Generator, n: int) -> Rows:
    rows = rng.integers(-127, 127, (n, ROW)).astype(np.float32) + np.float32(0.5)
    rows[:, ::32] = np.where(rows[:, ::32] < 0, -127, 127)  # a scale of 1 in Q8_0: ties stay ties
    return rows


def _near_half_integers(rng: np.random.Generator, n: int) -> Rows:
    rows = _half_integers(rng, n)
    rows.view(np.int32)[...] += rng.integers(-1, 2, rows.shape, np.int32) * (np.abs(rows) < 127)
    return rows


def _zero_blocks(rng: np.random.Generator, n: int) -> Rows:
    blocks = _normal(rng, n).reshape(n, -1, 16)
    blocks[rng.random(blocks.shape[:2]) < 0.5] = 0
    return blocks.reshape(n, ROW)


DISTRIBUTIONS: dict[str, Family] = {
    "normal": _normal,
    "student-t": _student,
    "bf16-rounded": _stored_as("BF16"),
    "f16-rounded": _stored_as("F16"),
    "grid-full-of-ties": _ties,
    "sparse": _sparse,
    "all-positive": lambda rng, n: np.abs(_normal(rng, n)),
    "all-negative": lambda rng, n: -np.abs(_normal(rng, n)),
    "times-1e-7": _scaled(1e-7),
    "times-1e3": _scaled(1e3),
    "constant": _constant,
    "outliers": _outliers,
}

EDGES: dict[str, Family] = {
    "subnormal": _scaled(1e-42),
    "barely-normal": _scaled(1e-38),
    "1e-30": _scaled(1e-30),
    "negligible-for-the-search": _scaled(1e-15),
    "scale-subnormal-in-f16": _scaled(1e-5),
    "scale-vanishes-in-f16": _scaled(3e-8),
    "scale-overflows-f16": _scaled(1e7),
    "scale-near-f16-limit": _scaled(65504 * 2.5),
    "squares-overflow": _scaled(1e18),
    "mixed-magnitudes": _mixed_magnitudes,
    "half-zeros": _half_zeros,
    "signed-zeros": _signed_zeros,
    "single-spikes": _spikes,
    "near-powers-of-two": _near_powers_of_two,
    "integers": _integers,
    "half-integers": _half_integers,
    "near-half-integers": _near_half_integers,
    "zero-blocks": _zero_blocks,
}

FAMILIES = DISTRIBUTIONS | EDGES


def weights(name: str, n_weights: int) -> Rows:
    """At least `n_weights` weights of a family, the same in every run, in rows of 1,024."""
    n_blocks = -(-n_weights // 1024) * 4
    rng = np.random.default_rng([list(FAMILIES).index(name), 20240601])
    return FAMILIES[name](rng, n_blocks).astype(np.float32).reshape(-1, 1024)


Importance = Callable[[np.random.Generator, int], Rows]


def _activations(rng: np.random.Generator, n: int) -> Rows:
    """Mean squares of activations as models have them: a few channels far above the others."""
    return np.exp(2 * rng.standard_normal(n, np.float32))


def _without(share: slice) -> Importance:
    def importance(rng: np.random.Generator, n: int) -> Rows:
        values = _activations(rng, n)
        values[share] = 0
        return values

    return importance


def _half_without(rng: np.random.Generator, n: int) -> Rows:
    return _activations(rng, n) * (rng.random(n, np.float32) < 0.5)


IMPORTANCES: dict[str, Importance] = {
    "activations": _activations,
    "uniform": lambda _, n: np.ones(n, np.float32),
    "all-zero": lambda _, n: np.zeros(n, np.float32),
    "half-zero": _half_without,
    "one-superblock-zero": _without(slice(256, 512)),
    "one-group-zero": _without(slice(64, 80)),
    "1e-12": lambda _, n: np.full(n, 1e-12, np.float32),
    "1e-30": lambda rng, n: _activations(rng, n) * np.float32(1e-30),
}


def importance(name: str, n_cols: int) -> Rows:
    """An importance row of a kind, the same in every run."""
    return IMPORTANCES[name](np.random.default_rng([list(IMPORTANCES).index(name), 7]), n_cols)
