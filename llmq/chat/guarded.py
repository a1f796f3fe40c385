"""A reply that is read along: a sentence goes on to the student once the guard has passed it.

Small models talk of anything: a reply is held back until a sentence is about the problem.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from llmq.chat.pieces import Kind, Piece
from llmq.tutor.guard import Guard
from llmq.tutor.sentences import Sentences

STEM = re.compile(r"\d+|[^\W\d_]{5}")  # of words, their first letters: sub-tracting as sub-tract
RUN = 5  # words of what the model was told, one after the other, that it does not say by chance
ANY_PROBLEM = frozenset((
    "first", "write", "which", "where", "there", "their", "these", "those", "would", "could",
    "again", "about", "asked", "think", "probl", "answe", "numbe", "right",
))  # fmt: skip


def stems(text: str) -> frozenset[str]:
    """The numbers and the longer words of a text, but such as fit any problem.

    >>> sorted(stems("What is your first step?")), sorted(stems("Multiply 12 by 21."))
    ([], ['12', '21', 'multi'])
    """
    words = re.findall(r"\d+|[^\W\d_]+", text.casefold())
    return frozenset(found[0] for word in words if (found := STEM.match(word))) - ANY_PROBLEM


def runs(text: str) -> frozenset[tuple[str, ...]]:
    """Each five words of a text that stand side by side."""
    words = re.findall(r"\w+", text.casefold())
    return frozenset(tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


@dataclass
class Watch:
    """What came of a reply: the sentences that passed, and why the one after them did not.

    `subject` are the stems one of which a sentence has to name before any is shown; none: any does.
    `instructions` are `runs` of what the model was told to do, which it shall not repeat.
    """

    guard: Guard
    subject: frozenset[str] = frozenset()
    instructions: frozenset[tuple[str, ...]] = frozenset()
    passed: list[str] = field(default_factory=list)
    reason: str | None = None
    _held: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What the student has seen of it."""
        return "".join(self.passed)

    def read(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Yield what passes; at the first sentence that does not, the reply ends.

        Thoughts do not pass at all while an exercise is open: they hold the answer.
        """
        sentences = Sentences()
        remarks: list[Piece] = []
        has_begun = False
        for piece in pieces:
            if piece.kind is Kind.REMARK and not has_begun:
                yield piece  # of the context, not of the words
            elif piece.kind is Kind.REMARK:
                remarks.append(piece)
            elif piece.kind is Kind.THOUGHT:
                yield Piece(Kind.THOUGHT, "")
            else:
                has_begun = True
                yield from self._passing(sentences.feed(piece.text))
            if self.reason:
                return
        yield from self._passing(sentences.finish())
        if not self.reason:
            yield from remarks

    def _passing(self, sentences: Iterable[str]) -> Iterator[Piece]:
        for sentence in sentences:
            self.reason = self.reason or self.guard.check(sentence) or self._repeats(sentence)
            if self.reason:
                return
            self._held.append(sentence)
            if self.passed or not self.subject or self.subject & stems(sentence):
                self.passed += self._held
                yield Piece(Kind.SPEECH, "".join(self._held))
                self._held = []

    def _repeats(self, sentence: str) -> str | None:
        """Why a sentence ends the reply that stands in it already, or in what the model was told.

        Small models go in circles, and read their instructions aloud.
        """
        if sentence.lstrip().startswith("[") or self.instructions & runs(sentence):
            return "its instructions"
        said = {text.strip() for text in (*self.passed, *self._held) if text.strip()}
        return "a repeat" if sentence.strip() in said else None
