"""Whether a text goes in circles.

It is judged by its characters, not by tokens, so that files with other tokenizers are judged alike.
Two signs count. A passage follows itself to the letter, again and again (white space aside): how
often it has to, REPEATS says, by its length. Or a whole sentence comes back again and again, with
other words in between. Both are to the letter, since what people repeat on purpose changes a little
each time: the lines of a multiplication table, the steps of a list, the rows of a table. A model
that goes in circles in ever new words is not seen, nor is a circle that the limit cut off before it
had closed.
"""

import re
from collections import Counter

import numpy as np

# A passage of so many characters at least is a loop when it stands so many times in a row.
REPEATS = ((120, 2), (60, 2.5), (20, 3), (1, 6))
LEAST_CHARACTERS = 60  # of all the repeats together, where they hold letters
LEAST_DIGITS = 120  # of repeats without a letter: a row of zeros, 0.333...
# A sentence of so many words at least is a loop when it is said so many times. A shorter one may
# be said again: "What comes next?"
SAID_AGAIN = ((8, 3), (4, 4))
# A stream is looked at so often, in characters, and for passages in so many of its last: a look at
# these takes 3 ms, a few tokens' time of nothing.
LOOK_EVERY, LOOK_BACK = 48, 1200
LETTERS = re.compile(r"[^\W\d_]+")
SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n+")  # noqa: RUF001  # signs that people type


def loops(text: str) -> bool:
    """Whether `text` goes in circles.

    >>> loops("Add the tens. " * 6)
    True
    >>> loops("1 x 7 = 7, 2 x 7 = 14, 3 x 7 = 21, 4 x 7 = 28, 5 x 7 = 35, 6 x 7 = 42")
    False
    """
    return _follows_itself(" ".join([*text.split(), ""])) or _says_again(text)


class LoopWatch:
    """Looks at a text while it is written.

    >>> watch = LoopWatch()
    >>> [watch.feed("Add the tens. " * 3) for _ in range(4)]
    [False, True, False, True]
    """

    def __init__(self) -> None:
        self._text = ""
        self._looked_at = 0

    def feed(self, text: str) -> bool:
        """Whether the text so far goes in circles, as far as its last LOOK_BACK characters tell."""
        self._text = (self._text + text)[-LOOK_BACK:]
        self._looked_at += len(text)
        if self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = 0
        return loops(self._text)


def _follows_itself(text: str) -> bool:
    """Whether some passage is repeated without a break."""
    letters = np.array([ord(character) for character in text], np.uint32)
    for period in range(1, len(text) // 2 + 1):
        times = next(n for least, n in REPEATS if period >= least)
        length = max(round(period * times), LEAST_CHARACTERS)
        if length > len(text):
            continue
        same = letters[period:] == letters[:-period]
        # A run of r equal pairs is a passage of r + period characters.
        breaks = np.flatnonzero(np.diff(same, prepend=False, append=False))
        for start, stop in breaks.reshape(-1, 2).tolist():
            if stop - start + period >= length and _tells(text[start : stop + period]):
                return True
    return False


def _tells(repeated: str) -> bool:
    """Whether it is text that is repeated: no line of dashes, no short row of figures."""
    if LETTERS.search(repeated):
        return True
    return len(repeated) >= LEAST_DIGITS and any(map(str.isalnum, repeated))


def _says_again(text: str) -> bool:
    """Whether some whole sentence comes again and again; rows of tables are none."""
    sentences = (" ".join(part.split()).casefold() for part in SENTENCE_END.split(text))
    counts = Counter(sentence for sentence in sentences if not sentence.startswith("|"))
    return any(
        n >= times and len(LETTERS.findall(sentence)) >= words
        for sentence, n in counts.items()
        for words, times in SAID_AGAIN
    )
