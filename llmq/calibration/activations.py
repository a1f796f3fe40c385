"""Second moments: for each matrix the squares of what its columns are multiplied with, summed.

Divided by their count they are the importance that llama-imatrix computes.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmq.calibration.checkpoints import Checkpoint, State
from llmq.calibration.streaming import batches, hooked, open_skeleton
from llmq.calibration.torch_extra import torch, transformers
from llmq.errors import CalibrationError
from llmq.importance import stamp_of
from llmq.sources.source import Source
from llmq.version import __version__

if TYPE_CHECKING:
    from torch import Tensor

    from llmq.calibration.text import CalibrationTokens

Sums = NDArray[np.float32]
Progress = Callable[[int, int], None]  # layers done, and in all

WINDOWS = 8  # computed at a time


def second_moments(
    source: Source,
    tokens: "CalibrationTokens",
    *,
    progress: Progress | None = None,
    resume: Path | None = None,
) -> dict[str, tuple[Sums, float]]:
    """For each matrix, by its name in GGUF: weighted sums of squares (1, n_cols), and their count.

    `resume` is a file from which it continues after it was killed, to the same numbers; whoever
    names it removes it in the end. Raises `CalibrationError` where a layer computes something that
    is no number.
    """
    skeleton = open_skeleton(source)
    weights = torch().from_numpy(np.array(tokens.weights))[..., None]
    checkpoint = Checkpoint(resume, _key(source, tokens)) if resume else None
    state = checkpoint.load() if checkpoint else None
    sums = {n: torch().from_numpy(a) for n, a in state.sums.items()} if state else {}
    hidden = torch().from_numpy(state.hidden) if state else skeleton.embedded(tokens.ids)
    start = state.done if state else 0
    for done, layer in enumerate(skeleton.layers(tokens.window, start=start), start=start + 1):
        for some in batches(len(hidden), WINDOWS):
            hooks = {
                module: _adding(sums, name, weights[some])
                for name, module in layer.linears().items()
            }
            with hooked(hooks):
                hidden[some] = layer(hidden[some])
        check_finite(hidden, layer.prefix, source)
        if checkpoint:
            so_far = {name: total.numpy() for name, total in sums.items()}
            checkpoint.save(State(done, hidden.numpy(), so_far))
        if progress:
            progress(done, skeleton.n_layers)
    for some in batches(len(hidden), WINDOWS):
        _add(sums, skeleton.head, skeleton.normed(hidden[some]), weights[some])
    count = float(tokens.weights.sum(dtype=np.float64))
    return {
        skeleton.by_name[name].name: (total.numpy()[None].astype(np.float32), count)
        for name, total in sums.items()
    }


def _key(source: Source, tokens: "CalibrationTokens") -> dict[str, Any]:
    """What the numbers depend on: the text, weights and settings, and whose code computes."""
    files = {tensor.weights.file for tensor in source.tensors} | {source.path / "config.json"}
    return {
        "tokens": tokens.sha256,
        "files": sorted([str(f.resolve()), *stamp_of(f)] for f in files if f),
        "versions": [__version__, torch().__version__, transformers().__version__],
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
