"""The tokens of a reply that decide how it goes on.

Most tokens follow from those before them: the rest of a word, of a formula, of a phrase. Where a
reply can go astray is at four places:

- FIRST: its first token, where its whole manner is chosen;
- END: the token that ends the turn, where a model has to commit itself and stop;
- THOUGHT: the first token of what closes the thoughts of a reasoning model;
- BRANCH: the first token of each further sentence or line, where a hint, a question or the answer
  may come next.

Whether a sentence *is* a hint or the answer, no rule tells; where that is decided, this one does.
What counts as a sentence's end is punctuation followed by white space (in scripts that write no
spaces, punctuation alone) and every new line. An abbreviation or the number of a list counts too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import IntFlag
from itertools import accumulate

from llmq.chat.thinking import CLOSING
from llmq.runtime import Reader


class Role(IntFlag):
    """What a token decides; most decide nothing."""

    NONE = 0
    FIRST = 1
    END = 2
    THOUGHT = 4
    BRANCH = 8


DECIDING = Role.FIRST | Role.END | Role.THOUGHT | Role.BRANCH
CLOSINGS = (CLOSING, "<channel|>")  # the second is Gemma 4's
# Behind these a sentence begins: closing quotes and brackets may follow the mark. The wide marks of
# Chinese and Japanese (U+3002, U+FF01, U+FF1F) need no space.
QUOTES = r"""["'\u201d\u2019\xbb)\]*_]*"""
BREAK = re.compile(
    "|".join(
        (
            rf"[.!?\u2026]{QUOTES}\s+(?=\S)",
            rf"[\u3002\uff01\uff1f]{QUOTES}\s*(?=\S)",
            r"\n\s*(?=\S)",
            rf"(?:{'|'.join(map(re.escape, CLOSINGS))})\s*(?=\S)",
        )
    )
)


def roles(reader: Reader, turn: Sequence[int]) -> tuple[Role, ...]:
    """What each token of a turn decides."""
    found = [Role.NONE] * len(turn)
    if not turn:
        return ()
    found[0] |= Role.FIRST
    ended = reader.is_end(turn[-1])
    if ended:
        found[-1] |= Role.END
    words = turn[:-1] if ended else turn
    pieces = [reader.vocabulary.piece(token, special=True) for token in words]
    for role, place in _places(pieces):
        found[place] |= role if place else Role.NONE
    return tuple(found)


def _places(pieces: Sequence[bytes]) -> Iterator[tuple[Role, int]]:
    """Each place in the text at which something is decided, as the number of its token."""
    text = b"".join(pieces).decode("utf-8", "surrogateescape")
    ends = list(accumulate(map(len, pieces)))

    def token_at(position: int) -> int:
        return bisect_right(ends, len(text[:position].encode("utf-8", "surrogateescape")))

    for start in (text.find(closing) for closing in CLOSINGS):
        if start >= 0:
            yield Role.THOUGHT, token_at(start)
    for match in BREAK.finditer(text):
        yield Role.BRANCH, token_at(match.end())
