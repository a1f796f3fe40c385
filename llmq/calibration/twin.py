"""Two streams of hidden states through one model: the base's, and that of its quantized prefix.

Layer by layer, and group by group within a layer (matrices that share one input), what the next
matrices will be multiplied with is computed in both. Whoever walks through the groups settles the
matrices of each before the next is reached, so the second stream always is what llama.cpp will see.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmq.calibration.activations import WINDOWS, check_finite
from llmq.calibration.paused import Paused, share_memory
from llmq.calibration.streaming import (
    HEAD,
    Layer,
    RowsOf,
    Skeleton,
    batches,
    groups_of,
)
from llmq.calibration.torch_extra import torch

if TYPE_CHECKING:
    from torch import Tensor

    from llmq.calibration.text import CalibrationTokens

Square = NDArray[np.float32]


@dataclass(frozen=True)
class Moments:
    """Sums over some tokens, weighted; x is a group's input, r the residual stream beside it."""

    hessian: Square
    """Of x^T x in the quantized stream, (n_cols, n_cols)."""
    drift: Square
    """Of (x_base - x)^T x, (n_cols, n_cols)."""
    residual: Square
    """Of (r_base - r)^T x, (width, n_cols)."""
    n_tokens: float

    def __add__(self, other: "Moments") -> "Moments":
        """Over the tokens of both."""
        return Moments(
            self.hessian + other.hessian,
            self.drift + other.drift,
            self.residual + other.residual,
            self.n_tokens + other.n_tokens,
        )

    def beside(self, start: int, stop: int) -> "Moments":
        """Those for rows `start` to `stop` of a matrix that adds to the residual stream."""
        return replace(self, residual=self.residual[start:stop])


@dataclass(frozen=True)
class Inputs:
    """A group's inputs for some windows, (n, window, n_cols), and the residual streams beside."""

    windows: slice
    base: "Tensor"
    ours: "Tensor"
    base_residual: "Tensor"
    our_residual: "Tensor"


@dataclass(frozen=True)
class Group:
    """Matrices that share one input, by their names in the checkpoint."""

    names: tuple[str, ...]
    index: int
    """Of its layer; the number of layers for the output matrix."""
    layer: Layer | None
    """That of the second stream, whose matrices are to be replaced; None for the output matrix."""
    inputs: Callable[[], Iterator[Inputs]]
    weights: "Tensor"
    """Of the tokens, (n_windows, window, 1)."""

    def moments(self, held_out: NDArray[np.bool_]) -> tuple[Moments, Moments]:
        """Those of the windows to learn from, and of those that are `held_out` (n_windows,)."""
        sums: list[list[Any]] = [[0.0] * 4, [0.0] * 4]
        for some in self.inputs():
            for chosen, total in zip((~held_out, held_out), sums, strict=True):
                here = torch().from_numpy(chosen[some.windows])
                _add(total, some, here, self.weights[some.windows])
        learned, checked = (Moments(*(_array(each) for each in total)) for total in sums)
        return learned, checked


def walk(
    skeleton: Skeleton, tokens: "CalibrationTokens", embedding: RowsOf | None = None
) -> Iterator[Group]:
    """Every group in order; `embedding` makes of rows those that the second stream begins with."""
    share_memory()
    weights = torch().from_numpy(np.array(tokens.weights))[..., None]
    streams = skeleton.embedded(tokens.ids), skeleton.embedded(tokens.ids, embedding)
    for index, layer in enumerate(skeleton.layers(tokens.ids.shape[1])):
        pair = layer, layer.twin()
        groups = groups_of(layer, streams[0][:1])
        with _begun(pair, streams, tuple(names[0] for names in groups)) as computations:
            for names in groups:
                _go_on(computations)
                yield Group(names, index, pair[1], lambda: _reached(computations), weights)
            _go_on(computations)
            for both in computations:
                for stream, one in zip(streams, both.streams, strict=True):
                    stream[both.windows] = one.result
        for stream in streams:
            check_finite(stream, layer.prefix, skeleton.source)
    if skeleton.head == HEAD:
        yield Group((HEAD,), skeleton.n_layers, None, lambda: _normed(skeleton, streams), weights)


@dataclass(frozen=True)
class _Both:
    """The computations of both streams for some windows."""

    windows: slice
    streams: tuple[Paused, Paused]


@contextmanager
def _begun(
    pair: tuple[Layer, Layer], streams: tuple["Tensor", "Tensor"], stops: tuple[str, ...]
) -> Iterator[list[_Both]]:
    found = [
        _Both(
            some,
            (Paused(pair[0], streams[0][some], stops), Paused(pair[1], streams[1][some], stops)),
        )
        for some in batches(len(streams[0]), WINDOWS)
    ]
    try:
        yield found
    finally:
        for both in found:
            for one in both.streams:
                one.leave()


def _go_on(computations: Sequence[_Both]) -> None:
    for both in computations:
        for one in both.streams:
            one.go_on()


def _reached(computations: Sequence[_Both]) -> Iterator[Inputs]:
    for both in computations:
        base, ours = both.streams
        yield Inputs(both.windows, base.input, ours.input, base.residual, ours.residual)


def _normed(skeleton: Skeleton, streams: tuple["Tensor", "Tensor"]) -> Iterator[Inputs]:
    for some in batches(len(streams[0]), WINDOWS):
        base, ours = (stream[some] for stream in streams)
        yield Inputs(some, skeleton.normed(base), skeleton.normed(ours), base, ours)


def _add(total: list[Any], some: Inputs, here: "Tensor", weights: "Tensor") -> None:
    """Add the products over the windows that are `here`, zeros where none is."""

    def tokens(values: "Tensor") -> "Tensor":
        return values[here].flatten(0, 1)

    ours = tokens(some.ours)
    weighted = ours * tokens(weights)
    total[0] += ours.T @ weighted
    total[1] += (tokens(some.base) - ours).T @ weighted
    total[2] += (tokens(some.base_residual) - tokens(some.our_residual)).T @ weighted
    total[3] += len(ours)


def _array(value: Any) -> Any:
    return value if isinstance(value, float) else value.numpy()
