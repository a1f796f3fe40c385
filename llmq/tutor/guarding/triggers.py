"""Patterns that are looked for only where one of their words stands: most sentences have none."""

import re
from collections.abc import Iterator
from functools import lru_cache

Row = tuple[str, re.Pattern[str]]
"""Words, or beginnings of words, of which a text has to have one, and the pattern."""


@lru_cache(maxsize=256)
def _any_of(words: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words.split())))


def matches(rows: tuple[Row, ...], text: str) -> Iterator[re.Match[str]]:
    """Every match of `rows` in `text`, whatever its case.

    >>> [m[0] for m in matches((("half", re.compile(r"half of (\\w+)", re.I)),), "Half of it.")]
    ['Half of it']
    """
    lower = text.casefold()
    for words, pattern in rows:
        if _any_of(words).search(lower):
            yield from pattern.finditer(text)
