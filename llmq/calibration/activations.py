"""Second moments: for each matrix the squares of what its columns are multiplied with, summed.

Divided by their count they are the importance that llama-imatrix computes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmq.calibration.streaming import batches, hooked, open_skeleton
from llmq.calibration.torch_extra import torch
from llmq.errors import CalibrationError
from llmq.sources.source import Source

if TYPE_CHECKING:
    from torch import Tensor

    from llmq.calibration.text import CalibrationTokens

Sums = NDArray[np.float32]
Progress = Callable[[int, int], None]  # layers done, and in all

WINDOWS = 8  # computed at a time


def second_moments(
    source: Source, tokens: "CalibrationTokens", *, progress: Progress | None = None
) -> dict[str, tuple[Sums, float]]:
    """For each matrix, by its name in GGUF: weighted sums of squares (1, n_cols), and their count.

    Raises `CalibrationError` where a layer computes something that is no number.
    """
    skeleton = open_skeleton(source)
    weights = torch().from_numpy(tokens.weights)[..., None]
    sums: dict[str, Tensor] = {}
    hidden = skeleton.embedded(tokens.ids)
    for done, layer in enumerate(skeleton.layers(tokens.ids.shape[1]), start=1):
        for some in batches(len(hidden), WINDOWS):
            hooks = {
                module: _adding(sums, name, weights[some])
                for name, module in layer.linears().items()
            }
            with hooked(hooks):
                hidden[some] = layer(hidden[some])
        check_finite(hidden, layer.prefix, source)
        if progress:
            progress(done, skeleton.n_layers)
    normed = skeleton.normed(hidden)
    _add(sums, skeleton.head, normed, weights)
    count = float(tokens.weights.sum(dtype=np.float64))
    return {
        skeleton.by_name[name].name: (total.numpy()[None].astype(np.float32), count)
        for name, total in sums.items()
    }


def check_finite(hidden: "Tensor", where: str, source: Source) -> None:
    """Raise `CalibrationError` where hidden states are no numbers."""
    if not torch().isfinite(hidden).all():
        raise CalibrationError(
            f"{source.path}: {where.rstrip('.')} computes something that is no number; the model is"
            " damaged or diverged"
        )


def _adding(sums: dict[str, "Tensor"], name: str, weights: "Tensor") -> Any:
    return lambda _module, inputs: _add(sums, name, inputs[0], weights)


def _add(sums: dict[str, "Tensor"], name: str, inputs: "Tensor", weights: "Tensor") -> None:
    """Add the weighted squares of `inputs` (n, window, n_cols), in double precision."""
    squares = (inputs.square() * weights).sum(dim=(0, 1), dtype=torch().float64)
    sums[name] = sums[name] + squares if name in sums else squares
