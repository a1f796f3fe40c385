"""Tables in the chat: with lines and styles on a terminal, else plain aligned text."""

import io

from llmq.chat.sanitize import sanitized
from llmq.chat.terminal.lesson import Table


def drawn(rows: Table, *, width: int, styled: bool) -> str:
    """The table as lines of at most `width` columns; the first row holds the headings.

    >>> print(drawn([("skill", "right"), ("sums", "3")], width=40, styled=False))
    skill  right
    sums   3
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console  # what the chat can do without until then
    from rich.table import Table as Grid
    from rich.text import Text

    headings, *others = [[Text(sanitized(cell)) for cell in row] for row in rows]
    grid = Grid(
        box=SIMPLE_HEAD if styled else None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for heading in headings:
        grid.add_column(heading)
    for row in others:
        grid.add_row(*row)
    page = io.StringIO()
    Console(
        file=page, width=width, force_terminal=styled, no_color=not styled, legacy_windows=False
    ).print(grid)
    return "\n".join(line.rstrip() for line in page.getvalue().strip("\n").splitlines())
