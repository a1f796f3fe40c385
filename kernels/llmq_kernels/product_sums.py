"""Sums of products over columns, each product and each addition rounded, in order.

NumPy's einsum does that in one pass where it is built without fused multiply-add, as it is for
x86-64. Elsewhere it rounds once where ggml rounds twice. A probe tells, so that no byte depends on
the platform.
"""

import numpy as np

from llmq_kernels.columns import Floats, column_sums


def _in_one_pass(a: Floats, b: Floats, out: Floats, _work: Floats) -> None:
    np.einsum("ij,ij->j", a, b, out=out)


def _in_two_passes(a: Floats, b: Floats, out: Floats, work: Floats) -> None:
    np.multiply(a, b, out=work)
    column_sums(work, out)
    out += np.float32(0)  # the sum starts at 0, as in C, and so is never -0


def _agree() -> bool:
    """Whether both ways give the same bits; half of the sums would change by fusing."""
    a = np.sin(np.arange(1, 32 * 64 + 1)).astype(np.float32).reshape(32, 64)
    b, once, twice = a[::-1].copy(), np.empty(64, np.float32), np.empty(64, np.float32)
    _in_one_pass(a, b, once, a)
    _in_two_passes(a, b, twice, np.empty_like(a))
    return once.tobytes() == twice.tobytes()


product_sums = _in_one_pass if _agree() else _in_two_passes
"""Sums a * b of (k, n), n > 1, into `out` (n,); `work` (k, n) may be overwritten, and may be a."""
