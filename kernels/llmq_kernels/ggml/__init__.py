"""ggml's encoders, to the byte."""

from llmq_kernels.ggml.affine import Steps
from llmq_kernels.ggml.affine_blocks import AffineBlocks
from llmq_kernels.ggml.affine_superblocks import AffineSuperblocks, magnitude, mean_and_magnitude
from llmq_kernels.ggml.codebook import CodebookBlocks, CodebookSuperblocks
from llmq_kernels.ggml.e2m1 import FloatScales, PowerOfTwoScales
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
    "mean_and_magnitude",
]
