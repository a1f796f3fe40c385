"""Sums of products over the rows of columns, in ggml's order of operations.

np.einsum adds product after product to the sums and stores none, in three quarters of the time. It
is compiled C, though: where NumPy is built for processors with fused multiply-add, as for aarch64,
it rounds a product and its addition once instead of twice. A probe decides: where it does,
the products are stored and then added.
"""

import numpy as np

from llmq_kernels.arrays.columns import Floats


def column_sums(values: Floats, out: Floats) -> None:
    """Sum (k, n) over k strictly in order, as ggml's loops do: one rounding for each addition.

    NumPy adds row after row only if a row has more than one column and the array is C-contiguous;
    otherwise it would add pairwise, and other bits would come out.
    """
    assert values.flags.c_contiguous, "the sum would be pairwise"
    if values.shape[1] > 1:
        np.add.reduce(values, axis=0, out=out)
    else:
        out[...] = np.add.accumulate(values)[-1]


def _einsum_rounds_twice() -> bool:
    """Whether nothing is left of the 2^-26 that (1 + 2^-13)^2 loses when it is rounded."""
    value, rounded = np.full((2, 67), 1 + 2**-13, np.float32), np.float32(1 + 2**-12)
    value[0] = 1
    weight = np.ones_like(value)
    weight[0] = -rounded
    pairs = np.einsum("ij,ij->j", value * weight, value)
    triples = np.einsum("ij,ij,ij->j", weight, value, value)
    return not (pairs.any() or triples.any())


EINSUM = _einsum_rounds_twice()


def dot(first: Floats, second: Floats, products: Floats, out: Floats) -> None:
    """Sum first * second (k, n) over k; `products` may be overwritten, and may be `first`."""
    if EINSUM and first.shape[1] > 1:
        np.einsum("ij,ij->j", first, second, out=out)
    else:
        column_sums(np.multiply(first, second, out=products), out)
        out += np.float32(0)  # the sum starts at 0, as in C, and so is never -0


def dot_square(weights: Floats, values: Floats, products: Floats, out: Floats) -> None:
    """Sum (weights * values) * values (k, n) over k; the products may be needed on the way."""
    if EINSUM and weights.shape[1] > 1:
        np.einsum("ij,ij,ij->j", weights, values, values, out=out)
    else:
        np.multiply(weights, values, out=products)
        products *= values
        column_sums(products, out)
