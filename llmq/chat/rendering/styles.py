"""How emphasis and marks look: codes of ECMA-48's SGR that every terminal knows."""

BOLD, ITALIC, UNDERLINED, DIM = "1", "3", "4", "2"
CODE = "36"  # cyan, readable on light and dark
HEADING = BOLD
RESET = "\x1b[0m"

Style = tuple[str, ...]
NO_STYLE: Style = ()


def coloured(text: str, style: Style) -> str:
    """`text` in a style that ends with it.

    >>> coloured("yes", ("1",)), coloured("yes", ())
    ('\\x1b[1myes\\x1b[0m', 'yes')
    """
    return f"\x1b[{';'.join(style)}m{text}{RESET}" if style and text else text
