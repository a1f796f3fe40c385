"""The names of a checkpoint's tensors as its family's rows have them."""

import re
from dataclasses import replace

from llmq.architectures.table import Architecture
from llmq.errors import CheckpointError
from llmq.sources.checkpoint import Checkpoint
from llmq.weights import Weights


def plain_names(
    checkpoint: Checkpoint, architecture: Architecture
) -> tuple[Checkpoint, tuple[str, ...]]:
    """The checkpoint under the family's own names, and what is worth saying of them.

    Raises `CheckpointError` where two tensors come by the same name.
    """
    tensors: dict[str, Weights] = {}
    originals: dict[str, str] = {}
    for name, tensor in checkpoint.tensors.items():
        plain = name
        for pattern, replacement in architecture.renamed:
            plain = re.sub(pattern, replacement, plain)
        if plain in tensors:
            raise CheckpointError(
                f"{checkpoint.path}: {originals[plain]!r} and {name!r} are names of one tensor;"
                " remove the one not meant"
            )
        tensors[plain], originals[plain] = tensor, name
    return replace(checkpoint, tensors=tensors), ()
