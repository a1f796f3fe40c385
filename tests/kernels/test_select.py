"""What is chosen among rows, and what is replaced."""

import numpy as np

from llmq_kernels.arrays.select import replace, row_of_largest, row_of_least, zero_unless_finite


def test_rows_are_told_by_their_largest_and_least() -> None:
    values = np.random.default_rng(0).random((16, 1000), np.float32)
    assert np.array_equal(row_of_largest(values.copy()), values.argmax(axis=0))
    assert np.array_equal(row_of_least(values.copy()), values.argmin(axis=0))


def test_of_rows_that_are_alike_the_first_is_told() -> None:
    values = np.array([[1, 2], [2, 1], [2, 1]], np.float32)
    assert row_of_largest(values.copy()).tolist() == [1, 0]
    assert row_of_least(values.copy()).tolist() == [0, 1]


def test_bits_are_replaced_where_told() -> None:
    kept = np.array([1, -0.0, np.nan, 4], np.float32)
    replace(np.array([True, False, True, False]), (kept, np.array([5, 6, -0.0, 8], np.float32)))
    assert kept.tolist() == [5, 0, 0, 4]
    assert np.signbit(kept).tolist() == [False, True, True, False]


def test_what_is_not_finite_becomes_zero() -> None:
    values = np.array([1, np.inf, -np.inf, np.nan, -2], np.float32)
    zero_unless_finite(values)
    assert values.tolist() == [1, 0, 0, 0, -2]
