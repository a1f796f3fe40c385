"""Error feedback does what it is defined to do, in the grid of every format."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from llmq_kernels import FORMATS, Encoder, Format
from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.feedback import GRIDS, ROWS, block_order, columns_in, feed_back, inverse_factor
from llmq_kernels.feedback.columns import BlockRounding
from tests.kernels.distributions import weights
from tests.oracles.feedback import damped, output_error, replay

Floats = NDArray[np.float32]

DAMPING = 0.01
CODES = {
    **dict.fromkeys(("Q4_0", "Q4_1", "Q4_K", "IQ4_NL", "IQ4_XS"), range(16)),
    **dict.fromkeys(("Q5_0", "Q5_1", "Q5_K"), range(32)),
    **{"Q6_K": range(64), "Q3_K": range(8), "Q2_K": range(4)},
    "Q8_0": [*range(128), *range(129, 256)],  # all but -128
}

RATIOS = {
    **dict.fromkeys(("Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "IQ4_NL"), 0.45),
    **{"Q6_K": 0.45, "Q5_K": 0.5, "Q4_K": 0.55, "IQ4_XS": 0.5, "Q3_K": 0.5, "Q2_K": 0.6},
}
"""No more than this of the output's error is left; the inputs have a quarter as many causes."""

every_grid = pytest.mark.parametrize("fmt", [FORMATS[name] for name in GRIDS], ids=GRIDS)
both_orders = pytest.mark.parametrize("falling", [False, True], ids=["natural", "falling"])


@cache
def second_moments(n_cols: int, dead: tuple[int, int] = (0, 0)) -> Floats:
    """H of inputs that are correlated, and of which some channels are far larger than others."""
    rng = np.random.default_rng(n_cols)
    causes = rng.standard_normal((4 * n_cols, n_cols // 4), np.float32)
    inputs = causes @ rng.standard_normal((n_cols // 4, n_cols), np.float32) / n_cols**0.5
    inputs += 0.25 * rng.standard_normal(inputs.shape, np.float32)
    inputs *= np.exp(rng.standard_normal(n_cols, np.float32))
    inputs[:, slice(*dead)] = 0
    moments: Floats = inputs.T @ inputs
    return moments


def two_blocks(fmt: Format) -> int:
    """Columns of a matrix of two superblocks, or of four blocks."""
    return max(128, 2 * fmt.block)


def fed_back(
    rows: Floats, fmt: Format, hessian: Floats, *, falling: bool = True, **options: Encoder
) -> Blocks:
    """The blocks of rows for these second moments."""
    importance = hessian.diagonal().copy()
    order = block_order(importance, fmt.block, falling=falling)
    factor = inverse_factor(hessian, DAMPING, columns_in(order, fmt.block))
    return feed_back(rows, factor, importance, fmt, order=order, **options)


def some_rows(n_rows: int, n_cols: int, family: str = "student-t") -> Floats:
    """Rows of a family of weights."""
    return weights(family, n_rows * n_cols).reshape(-1)[: n_rows * n_cols].reshape(n_rows, n_cols)


def every_value(fmt: Format, blocks: Blocks) -> Floats:
    """What the weights of blocks could be, their scales given: (codes, n_rows, n_cols)."""
    values = []
    for code in CODES[fmt.name]:
        flat = blocks.copy().reshape(-1)
        quads = np.full((fmt.block // 4, flat.size * 4), code, np.uint8)
        GRIDS[fmt.name].store_codes(flat, quads)
        values.append(fmt.decode(flat.reshape(blocks.shape)))
    return np.stack(values)


def same_scales(fmt: Format, first: Blocks, second: Blocks) -> NDArray[np.bool_]:
    """Whether blocks have the same scales: then all codes 0 make the same bytes of them."""
    empty = []
    for blocks in (first, second):
        flat = blocks.copy().reshape(-1)
        GRIDS[fmt.name].store_codes(flat, np.zeros((fmt.block // 4, flat.size * 4), np.uint8))
        empty.append(flat)
    same: NDArray[np.bool_] = empty[0] == empty[1]
    return same


def test_every_format_that_stores_integers_or_the_codebook_has_a_grid() -> None:
    assert set(GRIDS) == {name for name in FORMATS if Encoder.SEARCH in FORMATS[name].encoders} | {
        "Q8_0"
    }


@every_grid
@both_orders
def test_each_column_becomes_the_value_nearest_to_what_the_errors_before_it_left(
    fmt: Format, falling: bool
) -> None:
    hessian = second_moments(two_blocks(fmt))
    importance, rows = hessian.diagonal().copy(), some_rows(20, two_blocks(fmt))
    blocks = fed_back(rows, fmt, hessian, falling=falling)
    restored = fmt.decode(blocks)
    order = block_order(importance, fmt.block, falling=falling)
    columns = columns_in(order, fmt.block)
    wanted, entered = replay(rows, damped(hessian, DAMPING), restored, columns, fmt.block)

    values = every_value(fmt, blocks)
    off, least = np.abs(restored - wanted), np.abs(values - wanted).min(axis=0)
    rounding_errors = 1e-5 * np.abs(values).max()
    assert (off <= least + rounding_errors).all()
    assert np.abs(wanted - rows).max() > 100 * rounding_errors  # the errors did move the weights

    chosen = [
        fmt.encode(part.astype(np.float32), some, encoder=Encoder.SEARCH)
        for part, some in zip(
            np.split(entered, len(order), axis=1), np.split(importance, len(order)), strict=True
        )
    ]
    assert same_scales(fmt, np.concatenate(chosen, axis=1), blocks).mean() > 0.95


@every_grid
def test_without_correlations_weights_are_rounded_to_the_encoders_grid(fmt: Format) -> None:
    rows, alike = some_rows(20, two_blocks(fmt)), np.ones(two_blocks(fmt), np.float32)
    blocks = fed_back(rows, fmt, np.diag(alike), falling=False)
    chosen = fmt.encode(rows, alike, encoder=Encoder.SEARCH)
    assert same_scales(fmt, blocks, chosen).all()
    off, values = np.abs(fmt.decode(blocks) - rows), every_value(fmt, blocks)
    assert (off <= np.abs(values - rows).min(axis=0) * (1 + 1e-6)).all()


@every_grid
def test_errors_are_taken_of_the_numbers_that_the_decoder_returns(fmt: Format) -> None:
    rows = some_rows(ROWS, fmt.block)
    blocks = fmt.encode(rows, encoder=Encoder.SEARCH)[:, 0]
    rounding = BlockRounding(fmt.block, ROWS, GRIDS[fmt.name])
    rounding(rows.T.copy(), blocks, np.eye(fmt.block, dtype=np.float32))
    restored = fmt.decode(blocks[:, None])
    assert np.abs(rows - rounding.errors.T - restored).max() <= 1e-6 * np.abs(rows).max()


@every_grid
@pytest.mark.parametrize("encoder", Encoder)
def test_outputs_are_closer_than_with_importance_alone(fmt: Format, encoder: Encoder) -> None:
    rows, hessian = some_rows(64, two_blocks(fmt)), second_moments(two_blocks(fmt))
    importance = hessian.diagonal().copy()
    alone = fmt.decode(fmt.encode(rows, importance, encoder=encoder))
    together = fmt.decode(fed_back(rows, fmt, hessian, encoder=encoder))
    ratio = output_error(rows, together, hessian) / output_error(rows, alone, hessian)
    assert ratio <= RATIOS[fmt.name]


@every_grid
def test_blocks_do_not_depend_on_other_rows(fmt: Format) -> None:
    rows, hessian = some_rows(2 * ROWS + 5, two_blocks(fmt)), second_moments(two_blocks(fmt))
    whole = fed_back(rows, fmt, hessian)
    parts = [fed_back(rows[i : i + ROWS], fmt, hessian) for i in range(0, len(rows), ROWS)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(fed_back(rows[ROWS : ROWS + 1], fmt, hessian)[0], whole[ROWS])
    shuffled = np.concatenate([rows[:1], rows[:0:-1]])
    assert np.array_equal(fed_back(shuffled, fmt, hessian)[0], whole[0])


@every_grid
@pytest.mark.parametrize(
    "family",
    [
        "constant",
        "outliers",
        "zero-blocks",
        "single-spikes",
        "subnormal",
        "scale-vanishes-in-f16",
    ],
)
def test_odd_rows_and_dead_columns_give_finite_weights(fmt: Format, family: str) -> None:
    hessian = second_moments(two_blocks(fmt), dead=(40, two_blocks(fmt) - 60))
    rows = some_rows(20, two_blocks(fmt), family)
    rows[3] = 0
    restored = fmt.decode(fed_back(rows, fmt, hessian))
    assert np.isfinite(restored).all()
    assert not restored[3].any()


@every_grid
@pytest.mark.parametrize("known", [1, 0], ids=["known", "nothing known"])
def test_single_blocks_and_no_rows_work(fmt: Format, known: int) -> None:
    hessian = known * second_moments(fmt.block)
    rows = some_rows(3, fmt.block)
    blocks = fed_back(rows, fmt, hessian)
    assert blocks.shape == (3, 1)
    alone = fmt.encode(rows, hessian.diagonal().copy(), encoder=Encoder.SEARCH)
    metric = hessian if known else np.eye(fmt.block, dtype=np.float32)
    fed, plain = (output_error(rows, fmt.decode(each), metric) for each in (blocks, alone))
    assert fed <= plain
    assert fed_back(rows[:0], fmt, hessian).shape == (0, 1)


@every_grid
def test_weights_too_large_leave_the_other_blocks_finite(fmt: Format) -> None:
    rows = some_rows(4, two_blocks(fmt))
    rows[1, 7] = 3e38
    blocks = fed_back(rows, fmt, second_moments(two_blocks(fmt)), falling=False)
    assert fmt.overflowed(blocks, rows) is not None
    assert np.isfinite(fmt.decode(blocks)[[0, 2, 3]]).all()


def test_arguments_are_left_alone_and_need_not_be_contiguous() -> None:
    fmt, rows, hessian = FORMATS["Q4_0"], some_rows(40, 128), second_moments(128)
    importance = hessian.diagonal()
    order = block_order(importance, 32)
    factor = inverse_factor(hessian, DAMPING, columns_in(order, 32))
    rows.flags.writeable = factor.flags.writeable = False
    blocks = feed_back(rows[::2], factor, importance, fmt, order=order)
    assert np.array_equal(blocks, fed_back(rows[::2].copy(), fmt, hessian))


def test_what_does_not_fit_together_is_refused_with_the_numbers() -> None:
    factor, importance = np.eye(512, dtype=np.float32), np.ones(512, np.float32)
    with pytest.raises(ValueError, match=r"rows of 480 .* 512 x 512 and 15 blocks of 32"):
        feed_back(some_rows(2, 480), factor, importance, FORMATS["Q4_0"], order=np.arange(15))


def test_blocks_come_by_falling_mean_importance() -> None:
    importance = np.repeat(np.array([1, 3, 2, 3], np.float32), 32)
    assert block_order(importance, 32).tolist() == [1, 3, 2, 0]
    assert block_order(importance, 32, falling=False).tolist() == [0, 1, 2, 3]
    assert columns_in(np.array([1, 0]), 2).tolist() == [2, 3, 0, 1]


@pytest.mark.parametrize("n_cols", [32, 576])
def test_the_factor_is_that_of_the_inverse_with_columns_in_order(n_cols: int) -> None:
    hessian = second_moments(n_cols, dead=(3, 5))
    columns = np.random.default_rng(0).permutation(n_cols)
    factor = inverse_factor(hessian, DAMPING, columns).astype(np.float64)
    assert np.array_equal(factor, np.triu(factor))
    identity = factor.T @ factor @ damped(hessian, DAMPING)[np.ix_(columns, columns)]
    assert np.abs(identity - np.eye(n_cols)).max() < 1e-3


def test_damping_grows_until_the_factor_exists() -> None:
    singular = np.ones((64, 64), np.float32)
    factor = inverse_factor(singular, 0.0, np.arange(64)).astype(np.float64)
    grown = np.linalg.inv(factor.T @ factor) - 1
    assert np.isfinite(factor).all()
    assert 0 < grown.diagonal().mean() < 0.01


@pytest.mark.parametrize(
    ("hessian", "message"),
    [(np.diag([1.0, np.nan]), "not finite"), (np.diag([1.0, -9.0]), "not positive definite")],
)
def test_moments_of_no_activations_are_refused(hessian: Floats, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inverse_factor(hessian, DAMPING, np.arange(2))
