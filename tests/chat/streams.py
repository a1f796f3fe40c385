"""Streams for the sanitizer's tests, and what may never come out, told without the sanitizer."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from llmq.chat.sanitize import Sanitizer

# Written out here once more, so that a mistake in the sanitizer's own tables is found.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
FLAG = re.compile(
    "\U0001f3f4[\U000e0061-\U000e007a]{2}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,4}\U000e007f"
)
BEYOND_ASCII = re.compile("[^\\x00-\x7f]{11}")
MOST_MARKS = 10
TEXTS = (
    *"\x1b []P^_X\\\\;m0JHc?#\x07\x18\x1a\n\t\r\x08\x7f\x00",
    *"\x80\x84\x85\x8d\x90\x98\x9b\x9c\x9d\x9e\x9f\xad",
    *"\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\u206a\ufeff\ufff9",
    *"\u0301\u0488\u05b0\u0e49\u0f90\ufe0f\U000e0100",
    *"\U0001f3f4\U0001f3f4\U000e0001\U000e0020\U000e0041\U000e0061\U000e0067\U000e007f\U000e007f",
    *"aé中ع\U0001f600",
    "\x1b]52;c;",
    "\x1b[31",
    "\x1b]8;;",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065",
    "\u0301" * 9,
    "\u0301\u200d" * 6,
)
PARTS = (
    *(text.encode() for text in TEXTS),
    b"\x9b",
    b"\x9d",
    b"\xc2",
    b"\xe2\x80",
    b"\xf3\xa0\x81",
    b"\xf0\x9f\x8f",
    b"\xff",
)


def fed(data: bytes, cuts: Sequence[int]) -> str:
    """`data` through one sanitizer, in pieces."""
    sanitizer = Sanitizer()
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    return "".join(map(sanitizer.feed, pieces)) + sanitizer.finish()


def is_safe(text: str) -> bool:
    """No control but newline and tab, nothing that reorders or hides, no pile of marks."""
    return not FORBIDDEN.search(FLAG.sub("", text)) and most_marks(text) <= MOST_MARKS


def most_marks(text: str) -> int:
    """The longest row of characters without a width; of a short row, nothing is looked up."""
    most = n_marks = 0
    if BEYOND_ASCII.search(text):
        for c in text:
            n_marks = n_marks + 1 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 0
            most = max(most, n_marks)
    return most


def hostile(rng: Random) -> bytes:
    """What a model might be led to write: now of dangerous parts, now of any bytes."""
    if rng.random() < 0.75:
        return b"".join(rng.choices(PARTS, k=rng.randrange(1, 16)))
    return rng.randbytes(rng.randrange(1, 32))


def cuts_of(data: bytes, rng: Random) -> Sequence[int]:
    """Where a stream is cut: now everywhere, now here and there."""
    if rng.random() < 0.5:
        return range(1, len(data))
    return rng.choices(range(len(data) + 1), k=4)
