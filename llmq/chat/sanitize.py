"""From the bytes of a model to text that is safe to print on a terminal.

A terminal obeys control characters: ESC begins commands that move the cursor, rename the window,
fill the clipboard or answer as if the student had typed. A model can be led to write them, so none
gets through, however its bytes are cut into pieces:

- bytes that are no UTF-8 become U+FFFD;
- of C0 only newline and tab remain; DEL and C1 (U+0080 to U+009F) go;
- ESC and its C1 twins go together with the sequence they begin, so that no "[31m" is left over; a
  sequence ends where a terminal would end it, and at the latest with the line, so that one stray
  byte cannot swallow an answer;
- characters that reorder or hide what is written (bidirectional embeddings, overrides and isolates,
  tags, annotations) go; joiners and the left-to-right and right-to-left marks that real text in
  Persian, Arabic or Hebrew needs remain, and so do the tags of a flag such as England's;
- of characters without a width of their own, which pile up on the one before them, no more than
  MOST_MARKS in a row remain;
- the line and paragraph separators U+2028 and U+2029 become newlines.

Text without anything special, nearly all there is, takes a fast way: one search that finds nothing.
"""

import codecs
import re
import unicodedata
from enum import Enum, auto
from functools import cache

KEPT_CONTROLS = "\n\t"
SEPARATORS = "\u2028\u2029"
DECEPTIVE_RANGES = (
    (0x202A, 0x202E),  # bidirectional embeddings and overrides
    (0x2066, 0x2069),  # bidirectional isolates
    (0x206A, 0x206F),  # deprecated formatting
    (0xFFF9, 0xFFFB),  # interlinear annotation
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xE0000, 0xE007F),  # tags
)
DECEPTIVE = frozenset(
    chr(code) for first, last in DECEPTIVE_RANGES for code in range(first, last + 1)
)
# The flag of a country's part: a black flag, its code in tags, and the tag that ends it (Unicode
# UTS #51, ED-14a and annex C.1: two letters of the country, one to four letters or digits).
FLAG, LAST_TAG = "\U0001f3f4", "\U000e007f"
FLAG_TAGS = re.compile(
    "[\U000e0061-\U000e007a]{2}[\U000e0061-\U000e007a\U000e0030-\U000e0039]{1,4}"
)
LONGEST_FLAG = 6
# Real text has fewer: fully pointed Hebrew 5, the highest stacks of Tibetan 8.
MOST_MARKS = 10
_SPECIAL = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"
    + "".join(f"{chr(first)}-{chr(last)}" for first, last in DECEPTIVE_RANGES)
    + f"{SEPARATORS}{FLAG}]"
)
_STRING_END = re.compile(f"[\\x07\\x18\\x1a\\x1b\\x9c\\n{SEPARATORS}]")


class _State(Enum):
    """Where in a control sequence (ECMA-48) the last character left us."""

    TEXT = auto()
    ESCAPE = auto()  # after ESC
    CSI = auto()  # after ESC [: parameters, then one final character
    STRING = auto()  # after ESC ] P X ^ _: anything, until BEL or ST
    STRING_ESCAPE = auto()  # in a string, after ESC: "\" would end it


_C1 = {
    "\x90": _State.STRING,
    "\x98": _State.STRING,
    "\x9b": _State.CSI,
    "\x9d": _State.STRING,
    "\x9e": _State.STRING,
    "\x9f": _State.STRING,
}
_AFTER_ESCAPE = {
    "[": _State.CSI,
    "]": _State.STRING,
    "P": _State.STRING,
    "X": _State.STRING,
    "^": _State.STRING,
    "_": _State.STRING,
}


class Sanitizer:
    """Takes bytes piece by piece and gives back what of them may be shown."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._state = _State.TEXT
        self._flag: str | None = None  # the tags since a black flag, while they may make one
        self._n_marks = 0  # characters without a width at the end of what was shown

    def feed(self, piece: bytes) -> str:
        """The text that `piece` completes; a character cut in half waits for its other half."""
        return self._clean(self._decoder.decode(piece))

    def finish(self) -> str:
        """What is left at the end: U+FFFD if half a character never got its other half."""
        return self._clean(self._decoder.decode(b"", final=True))

    def _clean(self, text: str) -> str:
        shown, at = [], 0
        while at < len(text):
            if self._state is _State.TEXT and self._flag is None:
                special = _SPECIAL.search(text, at)
                end = special.start() if special else len(text)
                shown.append(text[at:end])
            elif self._state is _State.STRING:
                ending = _STRING_END.search(text, at)
                end = ending.start() if ending else len(text)
            else:
                end = at
            shown.append(self._step(text[end]) if end < len(text) else "")
            at = end + 1
        return self._bounded("".join(shown))

    def _step(self, c: str) -> str:
        """What of the next character is shown: itself, a newline for it, or nothing."""
        if self._flag is not None:
            if c in DECEPTIVE and len(self._flag) < LONGEST_FLAG and c != LAST_TAG:
                self._flag += c
                return ""
            tags, self._flag = self._flag, None
            if c == LAST_TAG:
                return tags + c if FLAG_TAGS.fullmatch(tags) else ""
        if c in "\n" + SEPARATORS:
            self._state = _State.TEXT
            return "\n"
        if c == "\x1b":
            in_string = self._state in (_State.STRING, _State.STRING_ESCAPE)
            self._state = _State.STRING_ESCAPE if in_string else _State.ESCAPE
            return ""
        if self._state is not _State.TEXT:
            self._state = self._next(c)
            return ""
        self._state = _C1.get(c, _State.TEXT)
        self._flag = "" if c == FLAG else None
        return c if _is_shown(c) else ""

    def _bounded(self, text: str) -> str:
        """`text` without the marks that are too many, counted across its pieces."""
        if text.isascii():
            self._n_marks = 0 if text else self._n_marks
            return text
        marks = "".join(sorted(_without_width().intersection(text)))
        first, last = len(text) - len(text.lstrip(marks)), len(text) - len(text.rstrip(marks))
        if self._n_marks + first > MOST_MARKS or _has_pile(text, marks):
            return self._without_piles(text, marks)
        self._n_marks = last + (self._n_marks if last == len(text) else 0)
        return text

    def _without_piles(self, text: str, marks: str) -> str:
        kept = []
        for c in text:
            self._n_marks = self._n_marks + 1 if c in marks else 0
            if self._n_marks <= MOST_MARKS:
                kept.append(c)
        return "".join(kept)

    def _next(self, c: str) -> _State:
        """The state after `c` inside a control sequence."""
        if self._state in (_State.STRING, _State.STRING_ESCAPE):
            ends = c in "\x07\x9c\x18\x1a" or (self._state is _State.STRING_ESCAPE and c == "\\")
            return _State.TEXT if ends else _State.STRING
        if self._state is _State.ESCAPE and c in _AFTER_ESCAPE:
            return _AFTER_ESCAPE[c]
        if self._state is _State.ESCAPE:  # intermediates, then one final character
            return _State.ESCAPE if " " <= c <= "/" else _State.TEXT
        return _State.CSI if " " <= c <= "?" else _State.TEXT


def _is_shown(c: str) -> bool:
    code = ord(c)
    is_control = code < 0x20 or 0x7F <= code <= 0x9F
    return c in KEPT_CONTROLS if is_control else c not in DECEPTIVE


@cache
def _without_width() -> frozenset[str]:
    """Combining marks and invisible formatting; looked for at the first text beyond ASCII."""
    codes = (0xAD, *range(0x300, 0x1F000), *range(0xE0000, 0xE01F0))
    kinds = ("Mn", "Me", "Cf")
    return frozenset(c for c in map(chr, codes) if unicodedata.category(c) in kinds)


def _has_pile(text: str, marks: str) -> bool:
    if len(text) <= MOST_MARKS or not marks:
        return False
    return re.search(f"[{marks}]{{{MOST_MARKS + 1}}}", text) is not None


def sanitized(text: str) -> str:
    """The safe part of a complete text.

    >>> sanitized("a\\x1b[31mred\\x1b[0m\\x07 fox")
    'ared fox'
    """
    sanitizer = Sanitizer()
    return sanitizer.feed(text.encode("utf-8", "replace")) + sanitizer.finish()
