"""Experts that are saved as one tensor, as tensors of their own: the same rows under more names."""

import re
from dataclasses import replace

from llmq.architectures import LIMITS
from llmq.architectures.table import EXPERT, Architecture, Unfused
from llmq.sources.checkpoint import Checkpoint
from llmq.views import Picked
from llmq.weights import Weights


def with_single_experts(checkpoint: Checkpoint, architecture: Architecture) -> Checkpoint:
    """The checkpoint with a tensor for every expert; it stays as it is where it has them."""
    tensors: dict[str, Weights] = {}
    for name, weights in checkpoint.tensors.items():
        found = (_taken_apart(name, weights, unfused) for unfused in architecture.unfused)
        tensors |= next((parts for parts in found if parts), {name: weights})
    return replace(checkpoint, tensors=tensors)


def _taken_apart(name: str, weights: Weights, unfused: Unfused) -> dict[str, Weights]:
    """The experts' matrices, by their names; none where this is no such tensor."""
    match = re.fullmatch(unfused.pattern, name)
    if match is None or len(weights.shape) != 3 or weights.shape[1] % len(unfused.parts):
        return {}
    experts, rows, columns = weights.shape
    if experts > LIMITS["num_experts"]:  # a header can name any number of them that have no weights
        return {}
    each = rows // len(unfused.parts)
    return {
        match.expand(part).replace(EXPERT, str(expert)): Picked(
            weights, ((start, start + each),), (each, columns)
        )
        for expert in range(experts)
        for part, start in zip(
            unfused.parts, range(expert * rows, (expert + 1) * rows, each), strict=True
        )
    }
