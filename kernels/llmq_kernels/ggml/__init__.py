"""ggml's encoders, to the byte: a file names the functions of ggml-quants.c that it stands for.

Q4_K (quantize_row_q4_K_ref, make_qkx2_quants), for each group of 32 weights x:

1.  Error weights are w = sqrt(mean x^2) + |x|.
2.  Round to codes 0 .. 15 in 15 equal steps from min(0, lowest) to the highest weight.
3.  Then 21 candidates with 14.0, 14.1 ... 16.0 steps from the offset found so far to the highest:
    each is fitted by least squares, weighted by w, with an offset <= 0; it is kept if its weighted
    error is lower.
4.  d = largest scale / 63 and dmin = largest min / 63, rounded to half precision; scales and mins
    become 6-bit codes, and weights are rounded once more for what was stored.

With importance (_impl, make_qkx3_quants) the error weights are importance * sqrt(sigma2 + x^2), the
candidates 37, from 14.1 to 15.9 steps, and make_qp_quants finds d, dmin and the codes by weighted
least squares. Formats without offsets have fits of one scale (make_qx_quants, make_q3_quants), and
those of 32 weights take it from the largest magnitude where there is no importance.
"""

from llmq_kernels.ggml.affine import Steps
from llmq_kernels.ggml.affine_blocks import AffineBlocks
from llmq_kernels.ggml.affine_superblocks import AffineSuperblocks
from llmq_kernels.ggml.codebook import CodebookBlocks, CodebookSuperblocks
from llmq_kernels.ggml.e2m1 import FloatScales, PowerOfTwoScales
from llmq_kernels.ggml.error_weights import magnitude
from llmq_kernels.ggml.q8_0 import SignedBytes
from llmq_kernels.ggml.symmetric_blocks import SymmetricBlocks
from llmq_kernels.ggml.symmetric_superblocks import SignedScales, SixBitScales

__all__ = [
    "AffineBlocks",
    "AffineSuperblocks",
    "CodebookBlocks",
    "CodebookSuperblocks",
    "FloatScales",
    "PowerOfTwoScales",
    "SignedBytes",
    "SignedScales",
    "SixBitScales",
    "Steps",
    "SymmetricBlocks",
    "magnitude",
]
