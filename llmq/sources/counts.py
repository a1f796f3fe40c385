"""How many weights a file holds, as llama.cpp's converter counts them for the label of its size."""

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

EXPERTS = "_exps."


class Counts(NamedTuple):
    """Weights in all, outside of experts, and of one expert in all layers; how many experts."""

    total: int
    shared: int
    expert: int = 0
    experts: int = 0


def counted(tensors: Iterable[tuple[str, tuple[int, ...]]]) -> Counts:
    """The counts of tensors with these names and shapes.

    `get_total_parameter_count` in gguf-py's gguf_writer.py, where the number of experts is that of
    all tensors of experts on average.
    """
    sizes = [(name, shape, prod(shape)) for name, shape in tensors]
    mixed = [(shape[-3], size) for name, shape, size in sizes if EXPERTS in name and len(shape) > 2]
    total = sum(size for *_, size in sizes)
    return Counts(
        total,
        total - sum(size for _, size in mixed),
        sum(size // experts for experts, size in mixed),
        sum(experts for experts, _ in mixed) // max(len(mixed), 1),
    )
