"""Integers on scales: weight = scale * (code - zero), each scale for a group of a row's columns.

This is what compressed-tensors, GPTQ, AWQ and int8 checkpoints have in common. They differ in where
codes, scales and zeros lie, which a `Layout` knows.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from llmq.weights import Rows


class Grouped(NamedTuple):
    """Some rows of a matrix: codes (n, n_in), and scales and zeros (n, groups)."""

    codes: NDArray[np.int16]
    scales: Rows
    zeros: NDArray[np.int16] | int


class Layout(Protocol):
    """Where a scheme keeps its integers."""

    def grouped(self, start: int, stop: int) -> Grouped:
        """Rows `start` to `stop`."""

    def group_of(self, n_in: int, groups: int) -> NDArray[np.int64] | None:
        """The group of each column where these do not follow one another, else None."""


@dataclass(frozen=True)
class Integers:
    """The values of a matrix of integers on scales."""

    layout: Layout

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32, before they are rounded."""
        codes, scales, zeros = self.layout.grouped(start, stop)
        n, n_in = codes.shape
        groups = scales.shape[1]
        order = self.layout.group_of(n_in, groups)
        if order is not None:
            offsets = zeros if isinstance(zeros, int) else zeros[:, order]
            return (codes - offsets).astype(np.float32) * scales[:, order]
        by_group = codes.reshape(n, groups, n_in // groups)
        offsets = zeros if isinstance(zeros, int) else zeros[:, :, None]
        values = (by_group - offsets).astype(np.float32)
        values *= scales[:, :, None]
        return values.reshape(n, n_in)


def unpacked(words: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """The codes (n, k * 8 / bits) in bytes (n, k): one stream of bits, the lowest first."""
    data = words.view(np.uint8)
    if bits == 8:
        return data
    if 8 % bits:
        stream = np.unpackbits(data, axis=1, bitorder="little")
        whole = stream[:, : stream.shape[1] // bits * bits].reshape(len(data), -1, bits)
        return np.packbits(whole, axis=2, bitorder="little")[:, :, 0]
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes: NDArray[np.uint8] = (data[..., None] >> shifts) & np.uint8(2**bits - 1)
    return codes.reshape(len(data), -1)
