"""A whole table of Markdown as lines, by rich: tables are the one thing that waits for its end."""

import io
import re

from llmq.chat.rendering.spans import spans

MOST_LINES = 60
MOST_COLUMNS = 12
MOST_CHARACTERS = 8000
DELIMITER = re.compile(r":?-+:?")
CELL = re.compile(r"(?<!\\)\|")


def table_lines(lines: list[str], width: int, *, styled: bool) -> list[str] | None:
    """The table that `lines` write, None where they write none."""
    rows = [_cells(line) for line in lines]
    if len(rows) < 2 or not all(DELIMITER.fullmatch(cell) for cell in rows[1]):
        return None
    n_columns = len(rows[0])
    if not 0 < n_columns <= MOST_COLUMNS or width < 6 * n_columns:
        return None
    from rich.box import SIMPLE_HEAD  # imported when a table is drawn
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for cell in rows[0]:
        table.add_column(Text(_plain(cell)), overflow="fold")
    for row in rows[2:]:
        padded = (row + [""] * n_columns)[:n_columns]
        table.add_row(*(Text(_plain(cell)) for cell in padded))
    out = io.StringIO()
    Console(
        file=out, width=width, color_system="standard" if styled else None, force_terminal=styled,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    ).print(table)  # fmt: skip
    return [line.rstrip() for line in out.getvalue().strip("\n").split("\n")]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in CELL.split(line.strip().strip("|"))]


def _plain(cell: str) -> str:
    """A cell's text without its marks."""
    text = re.sub(r"<br ?/?>", "\n", cell)
    return "".join(shown for shown, _ in spans(text.replace("\\|", "|"), styled=False))
