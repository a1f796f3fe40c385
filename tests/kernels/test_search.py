"""Our own search: less squared error than ggml's bytes have, and laws with importance."""

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq_kernels import FORMATS, Encoder, Format
from llmq_kernels.arrays.columns import PIECE
from tests.kernels.distributions import DISTRIBUTIONS, importance, weights

SEARCHED = {name: fmt for name, fmt in FORMATS.items() if Encoder.SEARCH in fmt.encoders}

searched = pytest.mark.parametrize("fmt", SEARCHED.values(), ids=SEARCHED)

NOISE = 2.0**-24
"""Of the sum of squares: what two scales leave that are rounded to half precision, 2^-11 each."""

FEW_HALVES = {("Q5_0", "plain"): 1 + 1e-4, ("Q5_1", "importance"): 1.05}
"""How the error may compare with ggml's where all scales are zero or the smallest halves."""


def allowance(fmt: Format, family: str, kind: str) -> float:
    """By how much the error may exceed ggml's."""
    return FEW_HALVES.get((fmt.name, kind), 1.0) if family == "times-1e-7" else 1.0


GAIN = {"Q4_0": 0.05, "Q4_K": 0.01, "Q5_K": 0.03, "Q6_K": 0.03, "IQ4_NL": 0.03}
"""The least share of ggml's squared error that the search saves on normally distributed weights."""


def search(
    fmt: Format, rows: NDArray[np.float32], row: NDArray[np.float32] | None = None
) -> NDArray[np.void]:
    """Blocks by our own search."""
    return fmt.encode(rows, row, encoder=Encoder.SEARCH)


def error(
    fmt: Format,
    rows: NDArray[np.float32],
    blocks: NDArray[np.void],
    row: NDArray[np.float32] | float = 1.0,
) -> float:
    """The sum of squared errors, weighed by the importance of their columns."""
    off = fmt.decode(blocks).astype(np.float64) - rows
    return float(np.sum(row * off**2))


@searched
@pytest.mark.parametrize("family", DISTRIBUTIONS)
def test_the_error_is_not_larger_than_that_of_ggmls_bytes(family: str, fmt: Format) -> None:
    rows = weights(family, 1 << 19)
    theirs = error(fmt, rows, fmt.encode(rows, encoder=Encoder.GGML)) * allowance(
        fmt, family, "plain"
    )
    noise = NOISE * float(np.sum(rows.astype(np.float64) ** 2))
    assert error(fmt, rows, search(fmt, rows)) <= theirs + noise


@searched
@pytest.mark.parametrize("family", DISTRIBUTIONS)
def test_nor_is_the_error_weighed_by_importance(family: str, fmt: Format) -> None:
    rows = weights(family, 1 << 19)
    row = importance("activations", rows.shape[1])
    theirs = error(fmt, rows, fmt.encode(rows, row, encoder=Encoder.GGML), row) * allowance(
        fmt, family, "importance"
    )
    noise = NOISE * float(np.sum(row * rows.astype(np.float64) ** 2))
    assert error(fmt, rows, search(fmt, rows, row), row) <= theirs + noise


@pytest.mark.parametrize("name", GAIN)
def test_the_error_is_less_on_normal_weights(name: str) -> None:
    fmt, rows = FORMATS[name], weights("normal", 1 << 20)
    theirs = error(fmt, rows, fmt.encode(rows, encoder=Encoder.GGML))
    assert error(fmt, rows, search(fmt, rows)) <= (1 - GAIN[name]) * theirs


@searched
def test_formats_without_a_choice_have_no_search(fmt: Format) -> None:
    rows = weights("student-t", 1 << 14)
    assert not np.array_equal(search(fmt, rows), fmt.encode(rows, encoder=Encoder.GGML))


@searched
@pytest.mark.parametrize("kind", ["activations", "all-zero", "one-superblock-zero", "1e-30"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_zeros_stay_zeros(fmt: Format, kind: str, zero: float) -> None:
    rows = np.full((4, 512), zero, np.float32)
    assert not fmt.decode(search(fmt, rows)).any()
    assert not fmt.decode(search(fmt, rows, importance(kind, 512))).any()


@searched
@pytest.mark.parametrize("kind", ["all-zero", "one-superblock-zero", "one-group-zero"])
def test_weights_without_importance_are_kept(fmt: Format, kind: str) -> None:
    rows = weights("normal", 1 << 14)
    off = np.abs(fmt.decode(search(fmt, rows, importance(kind, rows.shape[1]))) - rows)
    assert np.sqrt(np.mean(off**2)) < 0.75 * np.std(rows)
    assert np.sqrt(np.mean(off[:, 256:512] ** 2)) < 0.75 * np.std(rows)


@searched
@pytest.mark.parametrize("kind", [None, "activations"])
def test_bytes_do_not_depend_on_the_order_of_rows(fmt: Format, kind: str | None) -> None:
    rows = weights("student-t", 1 << 16)
    row = importance(kind, rows.shape[1]) if kind else None
    order = np.random.default_rng(3).permutation(len(rows))
    assert np.array_equal(search(fmt, rows[order], row), search(fmt, rows, row)[order])


@searched
@pytest.mark.parametrize("kind", [None, "activations"])
@pytest.mark.parametrize("rows_at_once", [1, 7, 100])
def test_bytes_do_not_depend_on_how_rows_are_split(
    fmt: Format, kind: str | None, rows_at_once: int
) -> None:
    rows = weights("grid-full-of-ties", 2 * PIECE + 5 * 1024)
    row = importance(kind, rows.shape[1]) if kind else None
    starts = range(0, len(rows), rows_at_once)
    pieces = [search(fmt, rows[start : start + rows_at_once], row) for start in starts]
    assert np.array_equal(np.concatenate(pieces), search(fmt, rows, row))


@searched
def test_single_blocks_and_empty_tensors_work(fmt: Format) -> None:
    row = weights("normal", 1024)[:1, : fmt.block]
    assert np.array_equal(search(fmt, row)[0], search(fmt, np.repeat(row, 3, axis=0))[1])
    assert search(fmt, row[:0]).shape == (0, 1)


@searched
@pytest.mark.parametrize(
    "family", ["normal", "times-1e3", "outliers", "zero-blocks", "single-spikes"]
)
def test_no_weight_is_farther_off_than_twice_the_declared(fmt: Format, family: str) -> None:
    rows = weights(family, 1 << 16)
    errors = np.abs(fmt.decode(search(fmt, rows)) - rows).reshape(-1, fmt.block)
    largest = np.abs(rows).reshape(-1, fmt.block).max(axis=1, keepdims=True)
    normal = largest[:, 0] > fmt.smallest
    assert (errors[normal] <= 2 * fmt.worst_error * largest[normal]).all()


@searched
@pytest.mark.parametrize("share_of_largest", [3, 1e30])
def test_the_first_block_that_overflows_is_found(fmt: Format, share_of_largest: float) -> None:
    rows = weights("normal", 1 << 14)
    rows[3, 517] = rows[9, 2] = min(share_of_largest * fmt.largest, 3.4e38)
    first = 3 * (1024 // fmt.block) + 517 // fmt.block
    assert fmt.overflowed(search(fmt, rows), rows) == first
