"""Error feedback: what rounding a column of a matrix loses, the columns after it make good.

A layer's output is W x. Where inputs are correlated, an error in one column of W can be made good
by small changes of other columns. H = X^T X, over the inputs x of a sample of text, says which.
Q4_0:

1.  Blocks of 32 columns are taken in some order. For each, the encoder chooses a row's scale d from
    the weights as they have become by then.
2.  Its columns are rounded one after the other to the nearest d * (q - 8).
3.  With H^-1 = U^T U, U upper triangular: what column j is off by, divided by U_jj, times row j of
    U is taken from the columns that follow, of this block at once, and of later blocks by one
    matrix product when the block is done.

So each column is rounded to make the error left in the outputs, tr(E H E^T), as small as the
columns after it can still make it. In superblocks of 256 all scales are fixed when the superblock
is entered. The method is GPTQ (Frantar and others, arXiv 2210.17323), in the grids of ggml's
formats.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.arrays.bits import Blocks
from llmq_kernels.arrays.columns import Floats, buffer
from llmq_kernels.arrays.select import zero_unless_finite
from llmq_kernels.feedback.columns import ROWS, BlockRounding, push
from llmq_kernels.feedback.factor import block_order, columns_in, inverse_factor
from llmq_kernels.feedback.grids import GRIDS
from llmq_kernels.format import BUFFER, Encoder, Format

__all__ = ["GRIDS", "ROWS", "block_order", "columns_in", "feed_back", "inverse_factor"]


def feed_back(
    rows: Floats,
    factor: Floats,
    importance: Floats,
    fmt: Format,
    *,
    order: NDArray[np.integer[Any]],
    encoder: Encoder = Encoder.SEARCH,
) -> Blocks:
    """Quantize finite weights (n_rows, n_cols) to blocks (n_rows, n_cols / block), with feedback.

    `factor` is U (n_cols, n_cols) of `inverse_factor`, its columns those of blocks in this `order`.
    `importance` (n_cols,), the diagonal of H in the order of the rows' columns, is what `encoder`
    chooses scales by. The blocks of a row do not depend on other rows, and cutting a matrix at
    multiples of ROWS changes no byte. As in `Format.encode`, scales that overflow half precision
    are stored as infinity.
    """
    n_rows, n_cols = rows.shape
    shape = len(order), fmt.block
    if factor.shape != (n_cols, n_cols) or n_cols != len(order) * fmt.block:
        raise ValueError(
            f"rows of {n_cols} weights, a factor of {' x '.join(map(str, factor.shape))} and "
            f"{len(order)} blocks of {fmt.block} do not fit together"
        )
    blocks = np.empty((n_rows, len(order)), fmt.layout)
    if not n_rows:
        return blocks
    weights = _in_columns(rows.reshape(n_rows, *shape), order)
    rounding = BlockRounding(fmt.block, weights.shape[2], GRIDS[fmt.name])
    by_block, flat = importance.reshape(shape), weights.reshape(n_cols, -1)
    with np.errstate(all="ignore"):
        np.setbufsize(BUFFER)
        for place, block in enumerate(order):
            columns, wanted = slice(place * fmt.block, (place + 1) * fmt.block), weights[place]
            zero_unless_finite(wanted)  # sums overflow where weights are far too large for fmt
            chosen = fmt.encode(wanted[:, :n_rows].T, by_block[block], encoder=encoder)[:, 0]
            rounding(wanted, chosen, factor[columns, columns])
            push(rounding.errors, factor[columns, columns.stop :], flat[columns.stop :])
            blocks[:, block] = chosen
    return blocks


def _in_columns(rows: Floats, order: NDArray[np.integer[Any]]) -> Floats:
    """Transpose rows (n_rows, n_blocks, block) to (n_blocks, block, n), with zeros up to n."""
    n_rows, n_blocks, block = rows.shape
    weights = buffer((n_blocks, block, -(-n_rows // ROWS) * ROWS))
    weights[:, :, n_rows:] = 0
    for target, source in zip(weights, order, strict=True):
        target[:, :n_rows] = rows[:, source].T
    return weights
