"""Tensors as a table in which layers that look alike share their rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TextIO

from llmq.verbs.tables import aligned, terminal_width


class Line(NamedTuple):
    """A tensor: `types` are those that it has, or had and gets."""

    name: str
    shape: Sequence[int]
    types: tuple[str, ...]
    n_bytes: int


def print_tensors(
    tensors: Sequence[Line], headings: Sequence[str], stream: TextIO, *, whole: bool = False
) -> None:
    """The table on `stream`, with a heading for each of the types; `whole`: a row a tensor."""
    rows = [("tensor", "shape", *headings, "bytes"), *_grouped(tensors, whole=whole)]
    sides = "<>" + "<" * len(headings) + ">"
    for line in aligned(rows, sides, terminal_width(stream)):
        print(line, file=stream)


def _grouped(tensors: Iterable[Line], *, whole: bool) -> Iterator[tuple[str, ...]]:
    """Table rows; tensors that differ in the layer alone become one row with their count."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for tensor in tensors:
        parts = ["*" if part.isdecimal() and not whole else part for part in tensor.name.split(".")]
        shape = " x ".join(str(number) for number in tensor.shape)
        groups.setdefault((".".join(parts), shape, *tensor.types), []).append(tensor.n_bytes)
    for (name, *rest), sizes in groups.items():
        count = f" ({len(sizes)})" if "*" in name else ""
        yield name + count, *rest, f"{sum(sizes):,}"
