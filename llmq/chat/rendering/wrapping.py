"""Words into lines of a width, written as soon as a word is whole.

Widths are those of terminals (wcwidth). A line may break at spaces and beside characters that take
two columns (Chinese, Japanese, Korean text), yet not before a mark that closes; what is longer than
a line is cut at its end.
"""

from collections.abc import Iterator

from wcwidth import iter_graphemes, wcswidth

from llmq.chat.rendering.styles import NO_STYLE, Style, coloured

NEVER_FIRST = frozenset("、。，．！？：；）」』】》〉”’…%,.!?:;)]}")
Glyph = tuple[str, Style]


def columns(text: str) -> int:
    """The columns that a text takes."""
    return len(text) if text.isascii() else max(wcswidth(text), 0)


class Wrapper:
    """Takes styled text and gives back what can be written of it."""

    def __init__(self, width: int, *, styled: bool, at: int = 0) -> None:
        self._width = max(width, 2)
        self._styled = styled
        self._at = at
        self._spaces = 0
        self._word: list[Glyph] = []  # runs of one style each
        self._is_cut = False  # a word longer than a line is being written
        self._prefix: list[Glyph] = []

    @property
    def _room(self) -> int:
        return self._width - _width(self._prefix)

    def begin(self, marks: list[Glyph], after_wrap: list[Glyph]) -> str:
        """A line's beginning: its marks now, and what stands before the lines it wraps into."""
        room = self._width // 2
        self._prefix = after_wrap if _width(after_wrap) <= room else []
        return self._written(marks if _width(marks) <= room else [])

    def feed(self, text: str, style: Style = NO_STYLE) -> str:
        """What `text` completes: all but its last word."""
        found = []
        at = 0
        for n, c in enumerate(text):
            if c in " \t":
                found += [self._add(text[at:n], style), self._end_word()]
                self._spaces += 1 if c == " " else 4
                at = n + 1
        found.append(self._add(text[at:], style))
        return "".join(found)

    def newline(self) -> str:
        """The line's end."""
        text = self._end_word() + "\n"
        self._at, self._spaces, self._prefix = 0, 0, []
        return text

    def finish(self) -> str:
        """The last word."""
        return self._end_word()

    def _add(self, text: str, style: Style) -> str:
        """More of a word; what is certain of it is written where it is long or breaks anywhere."""
        if not text:
            return ""
        if self._word and not columns(text[0]):
            # A mark without a width belongs to the character before it, whatever its style.
            n = next((n for n, c in enumerate(text) if columns(c)), len(text))
            run, before = self._word[-1]
            self._word[-1] = (run + text[:n], before)
            return self._write_certain() + self._add(text[n:], style)
        if self._word and self._word[-1][1] == style:
            self._word[-1] = (self._word[-1][0] + text, style)
        else:
            self._word.append((text, style))
        whole = "".join(run for run, _ in self._word)
        if not self._is_cut and whole.isascii() and len(whole) <= self._room:
            return ""
        return self._write_certain()

    def _end_word(self) -> str:
        glyphs, self._word = self._word, []
        found = [self._unit(unit) for unit in _units(list(_glyphs(glyphs)))]
        self._is_cut = False
        return "".join(found)

    def _write_certain(self) -> str:
        """Units that nothing can change any more; the last glyphs wait, as they may go on."""
        found = []
        glyphs = list(_glyphs(self._word))
        units = list(_units(glyphs))
        while len(units) > 1 and (len(units) > 2 or len(units[1]) > 1):
            unit = units.pop(0)
            found.append(self._unit(unit))
            self._is_cut = False
            glyphs = glyphs[len(unit) :]
        # Of a unit longer than a line, all but its last glyph is certain.
        if len(units) == 1 and (self._is_cut or _width(glyphs[:-1]) > self._room):
            found.append(self._cut(glyphs[:-1]))
            glyphs = glyphs[-1:]
        self._word = _runs(glyphs)
        return "".join(found)

    def _unit(self, unit: list[Glyph]) -> str:
        if self._is_cut or _width(unit) > self._room:
            return self._cut(unit)
        before = self._spaces
        self._spaces = 0
        if self._at + before + _width(unit) > self._width and self._at > _width(self._prefix):
            return self._wrapped() + self._written(unit)
        indent = min(before, max(self._width - self._at - _width(unit), 0))
        return self._written([(" " * indent, NO_STYLE), *unit])

    def _cut(self, glyphs: list[Glyph]) -> str:
        """Glyphs of a word that no line holds, each line filled up."""
        found = []
        if not self._is_cut and glyphs:
            room = max(self._width - self._at - 1, 0)
            found.append(self._written([(" " * min(self._spaces, room), NO_STYLE)]))
            self._spaces = 0
            self._is_cut = True
        for glyph in glyphs:
            if self._at + columns(glyph[0]) > self._width:
                found.append(self._wrapped())
            found.append(self._written([glyph]))
        return "".join(found)

    def _wrapped(self) -> str:
        self._at = 0
        return "\n" + self._written(self._prefix)

    def _written(self, glyphs: list[Glyph]) -> str:
        self._at += _width(glyphs)
        runs = _runs(glyphs)
        return "".join(coloured(text, style) if self._styled else text for text, style in runs)


def _glyphs(runs: list[Glyph]) -> Iterator[Glyph]:
    """Single characters as they are seen, each with its style."""
    for text, style in runs:
        for glyph in text if text.isascii() else iter_graphemes(text):
            yield glyph, style


def _units(glyphs: list[Glyph]) -> Iterator[list[Glyph]]:
    """What a line may break between: words, and wide characters with what must stay by them."""
    unit: list[Glyph] = []
    was_wide = False
    for glyph in glyphs:
        is_wide = not glyph[0].isascii() and columns(glyph[0]) == 2
        if unit and (is_wide or was_wide) and glyph[0][0] not in NEVER_FIRST:
            yield unit
            unit = []
        unit.append(glyph)
        was_wide = is_wide
    if unit:
        yield unit


def _runs(glyphs: list[Glyph]) -> list[Glyph]:
    """Glyphs of one style together."""
    runs: list[Glyph] = []
    for text, style in glyphs:
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0] + text, style)
        elif text:
            runs.append((text, style))
    return runs


def _width(glyphs: list[Glyph]) -> int:
    return sum(columns(text) for text, _ in glyphs)
