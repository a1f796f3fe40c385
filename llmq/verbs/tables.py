"""Tables as plain lines. Nothing is cut: a narrow terminal wraps a line."""

from collections.abc import Iterator, Sequence

from llmq.errors import printable


def aligned(rows: Sequence[Sequence[str]], alignments: str) -> Iterator[str]:
    """The rows as lines; `alignments` has one letter per column, `<` for left and `>` for right.

    >>> list(aligned([("file", "size"), ("a.gguf", "5 MB")], "<>"))
    ['file    size', 'a.gguf  5 MB']
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        columns = zip(row, alignments, widths, strict=True)
        yield "  ".join(f"{cell:{side}{width}}" for cell, side, width in columns).rstrip()


def shown(size: int) -> str:
    """A size in bytes with a decimal unit: `532 B`, `18.4 kB`, `1.2 GB`."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError
