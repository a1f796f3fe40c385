"""Our own search: lower squared error than ggml's bytes, and faster wherever ggml searches too.

Q4_K, for each group of 32 weights x that count w each (1, or their importance):

1.  y = (x - start) / unit, from start = min(0, lowest) to the highest weight.
2.  Five candidates (steps, shift) round y. Of codes c only three sums are kept, S_c = sum w c,
    S_cc = sum w c^2 and S_cy = sum w c y. The best candidate explains most of y:
    (S_cy - S_c S_y / S)^2 / (S_cc - S_c^2 / S).
3.  Its line is fitted by least squares; y is rounded once more for it, and the line fitted again.

Then for each superblock, from these sums alone (joint_rounding.py):

4.  Of four units d, in which the largest scale has the code 63 ... 60, take the one whose rounding
    raises the error least; likewise dmin.
5.  Of both neighbours of a scale in units of d, each with the best min for it, take the better.
6.  Refit d and dmin to these codes by a 2 x 2 system, and round the weights for what was stored.

Formats without offsets do the same with one scale: candidates put the weight farthest from zero at
a value of the grid, of either sign (scale_fit.py, scale.py). positive.py looks among scales that
other runtimes can hold.
"""

from llmq_kernels.search.affine import AffineBlocks, AffineSuperblocks
from llmq_kernels.search.grids import Codebook, Integers
from llmq_kernels.search.positive import PositiveBlocks
from llmq_kernels.search.scale import ScaleBlocks, ScaleSuperblocks

__all__ = [
    "AffineBlocks",
    "AffineSuperblocks",
    "Codebook",
    "Integers",
    "PositiveBlocks",
    "ScaleBlocks",
    "ScaleSuperblocks",
]
