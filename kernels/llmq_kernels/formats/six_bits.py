"""Eight scales and eight mins of six bits each in twelve bytes, as Q4_K and Q5_K store them.

In bytes 0-3 and 4-7 the scales and the mins of groups 0-3 fill the lower six bits. Bytes 8-11 hold
the lower four bits of groups 4-7, the scale's below the min's; their upper two bits lie above those
of groups 0-3.
Source: ggml-quants.c, get_scale_min_k4.
"""

import numpy as np

from llmq_kernels.arrays.bits import Blocks, Bytes, load
from llmq_kernels.arrays.columns import Floats


def pack(scales: Bytes, mins: Bytes) -> Bytes:
    """Pack codes (8, n) into bytes (12, n)."""
    packed = np.empty((12, scales.shape[1]), np.uint8)
    for start, codes in ((0, scales), (4, mins)):
        packed[start : start + 4] = codes[:4] | (codes[4:] >> 4 << 6)
    packed[8:] = (scales[4:] & 15) | (mins[4:] << 4)
    return packed


def unpack(packed: Bytes) -> tuple[Bytes, Bytes]:
    """Restore the codes (8, n) of scales and of mins from bytes (12, n)."""
    first, second, low = packed[:4], packed[4:8], packed[8:]
    scales = np.concatenate([first & 63, (low & 15) | (first >> 6 << 4)])
    mins = np.concatenate([second & 63, (low >> 4) | (second >> 6 << 4)])
    return scales, mins


def as_stored(scales: Bytes, mins: Bytes) -> tuple[Bytes, Bytes]:
    """What codes (8, n) are read back as, if some are too large."""
    return unpack(pack(scales, mins))


def scales_and_offsets(blocks: Blocks) -> tuple[Floats, Floats]:
    """The scale d * scale and the offset -dmin * min of each group of n blocks, (n, 8)."""
    scales, mins = unpack(np.ascontiguousarray(load(blocks, "scales").T))
    d, dmin = blocks["d"].astype(np.float32), -blocks["dmin"].astype(np.float32)
    return (d * scales).T, (dmin * mins).T
