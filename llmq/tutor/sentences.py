"""A streamed text cut into sentences, so that each can be read before it is shown.

A sentence ends behind . ! ? : or at a line's end, not within a number, an abbreviation, a formula
or a code fence, and at the latest after MOST_CHARACTERS. Joined, the sentences are the text, and
where it was cut into pieces changes nothing.
"""

import re
from collections.abc import Iterator

MOST_CHARACTERS = 400
END = re.compile(r"[.!?:…。！？]+[\"')\]*_”’]*(?=\s)|\n")  # signs that people type
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|Mr|Mrs|Ms|Dr|St|No|Fig|Eq)|\b[A-Za-z])\.$"
)
NUMERAL = re.compile(r"(?:^|\n)\s*\d{1,3}\.$")  # of a list
FENCE = "```"
OPENINGS = (("$$", "$$"), ("\\(", "\\)"), ("\\[", "\\]"), ("$", "$"))


class Sentences:
    """Takes text bit by bit and gives back whole sentences."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> Iterator[str]:
        """The sentences that `text` completes, with the white space in front of each."""
        for character in text:  # one at a time, so that pieces mean nothing
            self._held += character
            cut = self._cut()
            if cut:
                yield self._held[:cut]
                self._held = self._held[cut:]

    def finish(self) -> Iterator[str]:
        """What is left."""
        held, self._held = self._held, ""
        if held:
            yield held

    def _cut(self) -> int:
        """Where the sentence that is held ends; 0 where it may go on."""
        held = self._held
        if len(held) >= MOST_CHARACTERS:
            return len(held)
        if held[-1] not in " \t\n" or not held.strip():
            return 0
        if held.lstrip().startswith(FENCE):
            return len(held) if re.search(rf"\n[ \t]*{FENCE}[ \t]*\n$", held) else 0
        last = held[:-1] if held[-1] != "\n" else held
        match = next(iter([*END.finditer(held, max(0, len(last) - 8))][::-1]), None)
        if match is None or match.end() < len(last) or _is_open(held):
            return 0
        before = held[: match.end()]
        if ABBREVIATION.search(before) or NUMERAL.search(before):
            return 0
        return len(held) if held[-1] == "\n" else match.end()


def _is_open(text: str) -> bool:
    """Whether a formula is open at the end of `text`."""
    for opening, closing in OPENINGS[1:3]:
        if text.rfind(opening) > text.rfind(closing):
            return True
    if text.count("$$") % 2:
        return True
    # A single dollar is money as often as not: a formula's touches what follows and is no digit.
    return len(re.findall(r"(?<![\\$])\$(?!\$)(?=[^\s\d])|(?<=[^\s$\\])\$(?!\$)", text)) % 2 == 1
