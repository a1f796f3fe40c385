"""Emphasis, code and links within a line, each decided as soon as its end is seen.

What opens and is not closed in its line, or within MOST_HELD characters, is text. A star or an
underscore between letters or digits is one too: 2*3*4 is a product.
"""

import re
from collections.abc import Iterator

from llmq.chat.rendering.styles import BOLD, CODE, ITALIC, NO_STYLE, UNDERLINED, Style

MOST_HELD = 400
SPECIAL = re.compile(r"[*_`\[\\!]")
ADDRESS = re.compile(r"(?:https?://|mailto:|www\.|[#/])\S*|\S+\.\S{2,}")
LINK = re.compile(r"!?\[([^\[\]\n]*)\]\(([^()\s]*)(?:\s+\"[^\"\n]*\")?\)")
LINK_BEGUN = re.compile(r"!?\[[^\[\]\n]*(?:\](?:\([^()\n]*)?)?\Z")
EMPHASIS: dict[str, Style] = {"*": (ITALIC,), "**": (BOLD,), "***": (BOLD, ITALIC)}
ENDS = {sign: re.compile(rf"\\\\.|`+|{re.escape(sign)}+") for sign in "*_"}
MOST_DEPTH = 8
Span = tuple[str, Style]
Step = tuple[int, list[Span]]  # how many characters are gone past, and as what


def spans(text: str, style: Style = NO_STYLE, depth: int = 0, *, styled: bool) -> Iterator[Span]:
    """A whole line's text with its styles."""
    before = ""
    while text:
        step = next_step(text, before, style, depth, is_whole=True, styled=styled)
        assert step is not None
        n, found = step
        yield from found
        before, text = text[n - 1], text[n:]


def next_step(
    text: str, before: str, style: Style, depth: int = 0, *, is_whole: bool, styled: bool
) -> Step | None:
    """The first that is decided of a line's text; None where more has to come.

    `before` is the character before it; `is_whole`: the line ends with it.
    """
    match = SPECIAL.search(text)
    if match is None or match.start():
        end = match.start() if match else len(text)
        return end, [(text[:end], style)]
    window = text[:MOST_HELD]
    is_whole = is_whole or len(text) >= MOST_HELD
    if text[0] in "*_":
        return _emphasis(window, before, style, depth, is_whole=is_whole, styled=styled)
    if text[0] == "`":
        return _code(window, style, is_whole=is_whole, styled=styled)
    if text[0] == "\\":
        return _escape(window, style, is_whole=is_whole)
    return _link(window, style, depth, is_whole=is_whole, styled=styled)


def _escape(text: str, style: Style, *, is_whole: bool) -> Step | None:
    if len(text) == 1 and not is_whole:
        return None
    is_mark = len(text) > 1 and text[1] in "*_`[]\\#!|~>-+.()$"
    return (2, [(text[1], style)]) if is_mark else (1, [("\\", style)])


def _code(text: str, style: Style, *, is_whole: bool, styled: bool) -> Step | None:
    run = len(text) - len(text.lstrip("`"))
    if run == len(text) and not is_whole:
        return None
    marks = "`" * run
    match = re.compile(rf"(?<!`){marks}(?!`)").search(text, run)
    if match is not None and (match.end() < len(text) or is_whole):
        inside = text[run : match.start()]
        if not styled:
            return match.end(), [(text[: match.end()], style)]
        return match.end(), [(inside.strip(" ") or inside, (*style, CODE))]
    return (run, [(marks, style)]) if is_whole else None


def _emphasis(
    text: str, before: str, style: Style, depth: int, *, is_whole: bool, styled: bool
) -> Step | None:
    sign = text[0]
    run = len(text) - len(text.lstrip(sign))
    if run == len(text) and not is_whole:
        return None
    marks = text[:run]
    literal = run, [(marks, style)]
    is_within = before == ")" or (before.isalnum() and (before.isascii() or sign == "_"))
    if run > 3 or depth >= MOST_DEPTH or is_within or text[run : run + 1].isspace():
        return literal
    if run == len(text):
        return literal
    found = _closing(text, marks, is_whole=is_whole)
    if found is None:
        return literal if is_whole else None
    inner = (*style, *EMPHASIS["*" * run])
    inside = spans(text[run:found], inner, depth + 1, styled=styled)
    return found + run, list(inside)


def _closing(text: str, marks: str, *, is_whole: bool) -> int | None:
    """Where the marks that open `text` close, code left out; None: not seen (yet)."""
    run = len(marks)
    at = run
    while match := ENDS[marks[0]].search(text, at):
        at = match.end()
        if match[0][0] == "`":
            code = re.compile(rf"(?<!`){match[0]}(?!`)").search(text, at)
            if not is_whole and (code is None or code.end() == len(text)):
                return None
            at = code.end() if code else at
        elif match[0][0] == marks[0] and at == len(text) and not is_whole:
            return None
        elif match[0] == marks and _can_close(text, match.start(), at):
            return match.start()
    return None


def _can_close(text: str, start: int, end: int) -> bool:
    after = text[end : end + 1]
    is_short = end - start == 1 or text[start] == "_"
    runs_on = after.isalnum() and after.isascii() and is_short
    return not text[start - 1].isspace() and not runs_on


def _link(text: str, style: Style, depth: int, *, is_whole: bool, styled: bool) -> Step | None:
    match = LINK.match(text)
    if match is None and LINK_BEGUN.match(text) and not is_whole:
        return None
    if match is None and text == "!" and not is_whole:
        return None
    if match is None or depth >= MOST_DEPTH or not ADDRESS.fullmatch(match[2]):
        return 1, [(text[0], style)]
    name, address = match[1], match[2]
    shown = list(spans(name, (*style, UNDERLINED), depth + 1, styled=styled))
    return match.end(), [*shown, ("" if name == address else f" ({address})", style)]
