"""Q6_K: 256 weights in 16 groups of 6-bit codes; value = (d * scale) * (q - 32).

Each group has a signed byte as its scale, in units of the half-precision d.
Source: ggml-quants.c, quantize_row_q6_K_ref and dequantize_row_q6_K.
"""

import numpy as np
from numpy.typing import NDArray

from llmq_kernels.columns import Columns, Floats
from llmq_kernels.format import Format, Unbuffered
from llmq_kernels.halves import to_f16
from llmq_kernels.packing import Blocks, Bytes, join_fours, load, store_fours
from llmq_kernels.scales import NEGLIGIBLE, SymmetricSearch, first_largest, nearest

GROUPS = 16  # of 16 weights each


class _Encoder:
    def __init__(self, n: int) -> None:
        self._columns = Columns(n, GROUPS, 16)
        self._search = SymmetricSearch(16, GROUPS * n, 32)
        self._squares = np.empty((16, GROUPS * n), np.float32)
        self._codes = np.empty((16, GROUPS * n), np.uint8)

    def __call__(self, rows: Floats, out: Blocks) -> None:
        n = len(rows)
        x = self._columns(rows).reshape(16, GROUPS * n)
        np.multiply(x, x, out=self._squares)
        scales, inverses = self._search(x, self._squares)
        zero = _store_scales(scales.reshape(GROUPS, n), out)
        steps = out["d"].astype(np.float32) * out["scales"].astype(np.float32).T  # (groups, n)
        self._round(x, steps.reshape(-1), inverses)
        _store_codes(self._codes.reshape(16, 2, 4, 2, n), out)
        out[zero] = 0

    def _round(self, x: Floats, steps: Floats, inverses: Floats) -> None:
        """Find the codes for the stored scales; where those are 0, keep the search's codes."""
        quotients = np.divide(x, steps, out=self._squares)
        codes = nearest(quotients)
        np.clip(codes, -32, 31, out=codes)
        codes += 32
        np.copyto(self._codes, codes, casting="unsafe")
        unscaled = np.flatnonzero(steps == 0)
        if len(unscaled):
            found = self._search.codes(x[:, unscaled], inverses[unscaled])
            self._codes[:, unscaled] = found


def _store_scales(scales: Floats, out: Blocks) -> NDArray[np.bool_]:
    """Store d and the scales (groups, n) in its units; tell which blocks are negligible."""
    largest = first_largest(np.where(np.isnan(scales), np.float32(0), scales))  # (n,)
    inverse = np.float32(-128) / largest
    out["d"] = to_f16(np.float32(1) / inverse)
    codes = np.minimum(nearest(inverse * scales), 127).astype(np.int8).view(np.uint8)
    store_fours(out, "scales", join_fours(codes))
    negligible: NDArray[np.bool_] = np.abs(largest) < NEGLIGIBLE
    return negligible


def _store_codes(codes: Bytes, out: Blocks) -> None:
    """Pack and store codes (16, 2 halves, 4 quarters, 2, n)."""
    low = codes & 15
    low[:, :, 2:] *= 16
    low[:, :, :2] |= low[:, :, 2:]
    high = codes // 16
    for quarter in (1, 2, 3):
        high[:, :, quarter] *= 4**quarter
        high[:, :, 0] |= high[:, :, quarter]
    # A block's bytes run over (half, quarter, 2, 16) and (half, 2, 16).
    low_fours = join_fours(low[:, :, :2]).transpose(1, 2, 3, 0, 4)
    store_fours(out, "ql", low_fours.reshape(32, -1))
    high_fours = join_fours(high[:, :, 0]).transpose(1, 2, 0, 3)
    store_fours(out, "qh", high_fours.reshape(16, -1))


def _decode(blocks: Blocks, out: Floats) -> None:
    n = len(blocks)
    low = load(blocks, "ql").reshape(n, 2, 2, 32)
    high = load(blocks, "qh").reshape(n, 2, 32)
    codes = np.empty((n, 2, 4, 32), np.uint8)
    codes[:, :, :2] = low & 15
    codes[:, :, 2:] = low >> 4
    for quarter in range(4):
        codes[:, :, quarter] |= ((high >> 2 * quarter) & 3) << 4
    signed = codes.view(np.int8)
    signed -= 32
    steps = blocks["d"].astype(np.float32)[:, None] * blocks["scales"].astype(np.float32)
    out[...] = signed.reshape(n, 256)
    out.reshape(n, GROUPS, 16)[...] *= steps[:, :, None]


Q6_K = Format(
    name="Q6_K",
    ggml_type=14,
    block=256,
    layout=np.dtype([("ql", "u1", 128), ("qh", "u1", 64), ("scales", "i1", 16), ("d", "<f2")]),
    scales=("d",),
    largest=32 * 128 * 65504.0,
    worst_error=1 / 16,  # two steps of 32, where the search chose to clip
    encoder=_Encoder,
    decoder=Unbuffered(_decode),
)
