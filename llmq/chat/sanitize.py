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
  Persian, Arabic or Hebrew needs remain;
- the line and paragraph separators U+2028 and U+2029 become newlines.
"""

import codecs
from enum import Enum, auto

KEPT_CONTROLS = "\n\t"
SEPARATORS = "\u2028\u2029"
DECEPTIVE = frozenset(
    chr(code)
    for first, last in (
        (0x202A, 0x202E),  # bidirectional embeddings and overrides
        (0x2066, 0x2069),  # bidirectional isolates
        (0x206A, 0x206F),  # deprecated formatting
        (0xFFF9, 0xFFFB),  # interlinear annotation
        (0xFEFF, 0xFEFF),  # byte order mark
        (0xE0000, 0xE007F),  # tags
    )
    for code in range(first, last + 1)
)


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

    def feed(self, piece: bytes) -> str:
        """The text that `piece` completes; a character cut in half waits for its other half."""
        return self._clean(self._decoder.decode(piece))

    def finish(self) -> str:
        """What is left at the end: U+FFFD if half a character never got its other half."""
        return self._clean(self._decoder.decode(b"", final=True))

    def _clean(self, text: str) -> str:
        return "".join(map(self._step, text))

    def _step(self, c: str) -> str:
        """What of the next character is shown: itself, a newline for it, or nothing."""
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
        return c if _is_shown(c) else ""

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


def sanitized(text: str) -> str:
    """The safe part of a complete text.

    >>> sanitized("a\\x1b[31mred\\x1b[0m\\x07 fox")
    'ared fox'
    """
    sanitizer = Sanitizer()
    return sanitizer.feed(text.encode("utf-8", "replace")) + sanitizer.finish()
