"""Value heads of a gated delta net: from the checkpoint's order to llama.cpp's.

There are as many value heads as key heads, or a multiple. Hugging Face keeps those of one key head
together: with two key heads and four value heads, heads 0 and 1 belong to the first. ggml repeats
the key heads as a whole instead (`ggml_repeat`), so that heads 0 and 2 do. Rows, columns and
numbers that stand for value heads are put into that order (`_LinearAttentionVReorderBase` in
llama.cpp's conversion/qwen.py). Matrices are not read for it at once: a view takes the rows of a
head from where they lie.
"""

from collections.abc import Callable
from functools import partial

from llmq.architectures.states import minus_exp
from llmq.architectures.table import Sizes, Transform
from llmq.views import Picked
from llmq.weights import Rows, Weights

STORED_BLOCK = 32  # weights of a block in the formats that checkpoints come in


def tiled(sizes: Sizes) -> tuple[int, ...]:
    """The value heads in llama.cpp's order, by their numbers in the checkpoint.

    >>> tiled({"key_heads": 2, "value_heads": 6})
    (0, 3, 1, 4, 2, 5)
    """
    keys = sizes["key_heads"]
    each = sizes["value_heads"] // keys
    return tuple(key * each + number for number in range(each) for key in range(keys))


def rows_tiled(size: str, *, behind: str | None = None) -> Callable[[Weights, Sizes], Weights]:
    """A view: the rows of every value head, `size` of them, behind so many that stay in place."""

    def view(weights: Weights, sizes: Sizes) -> Weights:
        first, each = sizes[behind] if behind else 0, sizes[size]
        starts = [first + head * each for head in tiled(sizes)]
        pieces = [(start, start + each) for start in starts]
        if first:
            pieces.insert(0, (0, first))
        return Picked(weights, tuple(pieces), (weights.shape[0], weights.shape[-1]))

    return view


def columns_tiled(sizes: Sizes) -> Transform | None:
    """What happens to the columns of a matrix that is multiplied with value heads."""
    if sizes["key_heads"] == sizes["value_heads"]:
        return None
    whole = sizes["delta_head"] % STORED_BLOCK == 0  # then a head's blocks can be moved as they are
    return Transform(1, partial(columns_in_order, heads=tiled(sizes)), moves_rows=whole)


def numbers_tiled(sizes: Sizes) -> Transform:
    """What happens to a vector with a number for every value head."""
    return Transform(sizes["value_heads"], partial(numbers_in_order, heads=tiled(sizes)))


def decays_tiled(sizes: Sizes) -> Transform:
    """What makes every head's decay of the logarithm that is stored: -exp(A)."""
    return Transform(sizes["value_heads"], partial(decays, heads=tiled(sizes)))


def columns_in_order(
    rows: Rows,
    unit: int,  # noqa: ARG001  # the signature of every transform
    *,
    heads: tuple[int, ...],
) -> Rows:
    """Columns in the order of `heads`.

    >>> import numpy as np
    >>> columns_in_order(np.arange(6.0)[None], 1, heads=(0, 2, 1))
    array([[0., 1., 4., 5., 2., 3.]])
    """
    return rows.reshape(len(rows), len(heads), -1)[:, list(heads)].reshape(rows.shape)


def numbers_in_order(rows: Rows, unit: int, *, heads: tuple[int, ...]) -> Rows:  # noqa: ARG001
    """The numbers of a vector, shape (n_heads, 1), in the order of `heads`."""
    return rows[list(heads)]


def decays(rows: Rows, unit: int, *, heads: tuple[int, ...]) -> Rows:
    """-exp of the numbers, in the order of `heads`."""
    return minus_exp(numbers_in_order(rows, unit, heads=heads))
