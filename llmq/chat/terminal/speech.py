"""What the tutor says, from safe text to what is appended to the terminal."""

import re

from llmq.chat.rendering import Renderer
from llmq.latex import MathText

UNLIMITED = 10**9  # columns: whoever reads wraps the lines
CLOSING = "\"')]\u201d\u2019"
# A sentence's end, with a letter or a closing mark before it: no number of a list, no decimal.
END = re.compile(
    rf"(?<=[^\W\d_]|[)\]%])[.!?…]+[{re.escape(CLOSING)}]*[ ]+|(?<=\d)(?<!\A\d)(?<!\A\d\d)[.!?]+[ ]+(?=[A-Z])"
)


class Speech:
    """Takes text piece by piece: formulas as Unicode, Markdown, words wrapped at the width."""

    def __init__(self, width: int = UNLIMITED, *, styled: bool = False, at: int = 0) -> None:
        self._math = MathText()
        self._renderer = Renderer(width, styled=styled, at=at)

    def feed(self, text: str) -> str:
        """What to append for `text`."""
        return self._renderer.feed(self._math.feed(text))

    def finish(self) -> str:
        """What was held back."""
        return self._renderer.feed(self._math.finish()) + self._renderer.finish()


class Sentences:
    """Text gathered into whole sentences, each a line, for who has the screen read out."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """The lines that `text` completes.

        >>> sentences = Sentences()
        >>> sentences.feed("1. Try 2.5 first. W"), sentences.feed("hy? "), sentences.finish()
        ('1. Try 2.5 first.\\n', 'Why?\\n', '')
        """
        self._held += text
        found = []
        while match := END.search(self._held) or re.search(r"\n", self._held):
            first = min(match.end(), self._held.find("\n") + 1 or match.end())
            line, self._held = self._held[:first], self._held[first:]
            found.append(line.rstrip() + "\n")
        return "".join(found)

    def finish(self) -> str:
        """The rest."""
        text, self._held = self._held, ""
        return text
