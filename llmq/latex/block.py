"""Formulas that need several lines: matrices, cases, aligned lines and large fractions."""

from wcwidth import wcswidth

from llmq.latex.cursor import TooDeepError
from llmq.latex.flat import flat, tidied, written
from llmq.latex.grids import CASES
from llmq.latex.nodes import Fence, Fraction, Grid, Node, Row
from llmq.latex.reading import read
from llmq.latex.tokens import MOST_CHARACTERS

LARGE = 24  # characters of a fraction that is easier to read with a line in it
SIDES = {  # a bracket's single, first, inner and last lines
    "(": "(⎛⎜⎝", ")": ")⎞⎟⎠", "[": "[⎡⎢⎣", "]": "]⎤⎥⎦", "|": "||||", "{": "{⎧⎪⎩", "}": "}⎫⎪⎭",
    "‖": "‖‖‖‖",
}  # fmt: skip
BRACKETS = {
    "pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "vmatrix": ("|", "|"), "Vmatrix": ("‖", "‖"), "Bmatrix": ("{", "}"),
}  # fmt: skip
Lines = list[str]


def block(latex: str) -> list[str]:
    r"""A formula in as many lines as it needs.

    >>> print("\n".join(block(r"A = \begin{bmatrix}1 & 20\\3 & 4\end{bmatrix}")))
    A = ⎡1  20⎤
        ⎣3   4⎦
    """
    if len(latex) > MOST_CHARACTERS:
        return [flat(latex)]
    try:
        row = read(latex)
        pieces = _pieces(row)
    except TooDeepError:
        return [flat(latex)]
    if all(len(lines) == 1 for lines, _ in pieces):
        return [tidied(written(row))]
    return [line.replace("\\", "∖").rstrip() for line in _side_by_side(pieces)]


def _pieces(row: Row) -> list[tuple[Lines, int]]:
    """Runs of what one line holds, and what needs several, each with the number of its line."""
    found: list[tuple[Lines, int]] = []
    plain: list[Node] = []
    for node in (*row.items, None):
        tall = _tall(node) if node else None
        if node is not None and tall is None:
            plain.append(node)
            continue
        if text := written(Row(tuple(plain))):
            found.append(([text], 0))
        found += [tall] if tall else []
        plain = []
    return found


def _tall(node: Node) -> tuple[Lines, int] | None:
    if isinstance(node, Grid):
        return _middled(_grid(node))
    if isinstance(node, Fence) and len(node.inside.items) == 1:
        inside = node.inside.items[0]
        if isinstance(inside, Grid):
            return _middled(_fenced(_columns(inside), node.left, node.right))
    is_large = isinstance(node, Fraction) and len(written(Row((node,)))) > LARGE
    if isinstance(node, Fraction) and is_large and not node.whole:
        over, under = written(node.over), written(node.under)
        width = max(wcswidth(over), wcswidth(under))
        return [over.center(width), "─" * width, under.center(width)], 1
    return None


def _middled(lines: Lines) -> tuple[Lines, int]:
    return lines, (len(lines) - 1) // 2


def _grid(grid: Grid) -> Lines:
    if grid.name in CASES:
        return _braced(_columns(grid))
    left, right = BRACKETS.get(grid.name, ("", ""))
    return _fenced(_columns(grid), left, right)


def _columns(grid: Grid) -> Lines:
    """A grid's lines; cells that continue an equation stand close, all others apart."""
    rows = [[written(cell) for cell in row] for row in grid.rows] or [[""]]
    n_columns = max(map(len, rows))
    rows = [row + [""] * (n_columns - len(row)) for row in rows]
    widths = [max(map(wcswidth, column)) for column in zip(*rows, strict=True)]
    is_matrix = "matrix" in grid.name or grid.name == "array"
    is_lined_up = not is_matrix and grid.name not in CASES
    lines = []
    for row in rows:
        cells = []
        for n, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - wcswidth(cell))
            to_right = is_matrix or (is_lined_up and n % 2 == 0)
            cells.append(gap + cell if to_right else cell + gap)
        lines.append((" " if is_lined_up else "  ").join(cells))
    return lines


def _braced(lines: Lines) -> Lines:
    """A large brace before cases; its middle stands on a line of its own where they are even."""
    if len(lines) == 1:
        return [f"{{ {lines[0]}"]
    if len(lines) % 2 == 0:
        middle = len(lines) // 2
        lines = [*lines[:middle], "", *lines[middle:]]
    signs = ["⎪"] * len(lines)
    signs[0], signs[len(lines) // 2], signs[-1] = "⎧", "⎨", "⎩"
    return [f"{sign} {line}" for sign, line in zip(signs, lines, strict=True)]


def _fenced(lines: Lines, left: str, right: str) -> Lines:
    return [
        f"{_side(left, n, len(lines))}{line}{_side(right, n, len(lines))}"
        for n, line in enumerate(lines)
    ]


def _side(bracket: str, n: int, n_lines: int) -> str:
    signs = SIDES.get(bracket)
    if signs is None:
        return bracket
    if n_lines == 1:
        return signs[0]
    return signs[1 if n == 0 else 3 if n == n_lines - 1 else 2]


def _side_by_side(pieces: list[tuple[Lines, int]]) -> Lines:
    """Pieces beside each other, their middles on one line."""
    above = max(middle for _, middle in pieces)
    below = max(len(lines) - middle for lines, middle in pieces)
    columns = []
    for lines, middle in pieces:
        width = max(map(wcswidth, lines))
        padded = ["" for _ in range(above - middle)] + lines
        padded += [""] * (above + below - len(padded))
        columns.append([line + " " * (width - wcswidth(line)) for line in padded])
    return [" ".join(parts) for parts in zip(*columns, strict=True)]
