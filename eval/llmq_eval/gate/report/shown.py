"""Texts of files, suites and models as a report may show them: nothing hidden, nothing endless.

A model can write anything: bytes that end a tag, characters that turn a line around, a megabyte of
one letter. What would be obeyed or not be seen is spelled out, so that a reader sees what is there.
"""

import re
from html import escape

from llmq.chat.sanitize import DECEPTIVE, SEPARATORS

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2060\ud800-\udfff"
    f"{''.join(sorted(DECEPTIVE))}{SEPARATORS}"
    # what is no character, which XML forbids
    f"\ufdd0-\ufdef{''.join(chr(p << 16 | end) for p in range(17) for end in (0xFFFE, 0xFFFF))}]"
)
CUT = " [\u2026]"


def visible(text: str) -> str:
    """`text` with its controls spelled out; newlines and tabs remain.

    >>> visible("a\\x1b[31m \\u202ecod \\ud800")
    'a\u27e8U+001B\u27e9[31m \u27e8U+202E\u27e9cod \u27e8U+D800\u27e9'
    """
    return _HIDDEN.sub(_spelled, text.replace("\r\n", "\n"))


def _spelled(match: re.Match[str]) -> str:
    c = match.group()
    return "\n" if c in SEPARATORS else f"\u27e8U+{ord(c):04X}\u27e9"


def one_line(text: str, n_bytes: int = 400) -> str:
    """The same on one line, cut."""
    return cut(" ".join(visible(text[: 4 * n_bytes]).split()), n_bytes)


def cut(text: str, n_bytes: int) -> str:
    """As much of the visible text as takes `n_bytes` in a page, escaped, with a mark where it ends.

    >>> cut("abc", 3), cut("<<<", 8)
    ('abc', '<< [\u2026]')
    """
    shown, size = visible(text[: n_bytes + 1]), 0
    for number, c in enumerate(shown):
        size += len(escape(c).encode())
        if size > n_bytes:
            return shown[:number] + CUT
    return shown
