"""Norms that are stored as w and multiply with 1 + w; llama.cpp's multiply with what is stored."""

from dataclasses import replace

import numpy as np

from llmq.architectures.table import Sizes, TensorRow, Transform
from llmq.weights import Rows


def plus_one(rows: Rows, unit: int) -> Rows:  # noqa: ARG001  # the signature of every transform
    """From w to 1 + w."""
    return rows + np.float32(1)


def one_plus(sizes: Sizes) -> Transform:  # noqa: ARG001  # the signature of every maker
    """What a norm's weights go through."""
    return Transform(1, plus_one)


def with_one_plus(rows: tuple[TensorRow, ...]) -> tuple[TensorRow, ...]:
    """The rows, their norms stored as 1 + w."""
    return tuple(
        replace(row, transform=one_plus) if row.target.endswith("norm.weight") else row
        for row in rows
    )
