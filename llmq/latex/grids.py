"""Matrices, cases and aligned lines, in one line."""

from collections.abc import Callable

from llmq.latex.nodes import Grid, Row

BRACKETS = {
    "matrix": ("[", "]"), "smallmatrix": ("[", "]"), "array": ("[", "]"), "pmatrix": ("[", "]"),
    "bmatrix": ("[", "]"), "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"), "Vmatrix": ("‖", "‖"),
}  # fmt: skip
CASES = ("cases", "dcases", "rcases")


def flat_grid(grid: Grid, written: Callable[[Row], str]) -> str:
    """Cells are set off by commas where they are entries, rows by semicolons."""
    rows = [[written(cell) for cell in row] for row in grid.rows]
    if grid.name in BRACKETS:
        left, right = BRACKETS[grid.name]
        return f"{left}{'; '.join(', '.join(row) for row in rows)}{right}"
    if grid.name in CASES:
        return "{ " + "; ".join(", ".join(c.rstrip(", ") for c in row if c) for row in rows)
    if grid.name == "substack":
        return ", ".join(" ".join(row) for row in rows)
    return "; ".join(" ".join(cell for cell in row if cell) for row in rows)
