"""Our own search for codes and scales."""

from llmq_kernels.search.affine import AffineBlocks, AffineSuperblocks
from llmq_kernels.search.grids import Codebook, Integers
from llmq_kernels.search.scale import ScaleBlocks, ScaleSuperblocks

__all__ = [
    "AffineBlocks",
    "AffineSuperblocks",
    "Codebook",
    "Integers",
    "ScaleBlocks",
    "ScaleSuperblocks",
]
