"""A reply that is read along: a sentence goes on to the student once the guard has passed it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from llmq.chat.pieces import Kind, Piece
from llmq.tutor.guard import Guard
from llmq.tutor.sentences import Sentences


@dataclass
class Watch:
    """What came of a reply: the sentences that passed, and why the one after them did not."""

    guard: Guard
    passed: list[str] = field(default_factory=list)
    reason: str | None = None

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
            self.passed.append(sentence)
            yield Piece(Kind.SPEECH, sentence)

    def _repeats(self, sentence: str) -> str | None:
        """Why a sentence that stands in the reply already ends it: small models go in circles."""
        said = {text.strip() for text in self.passed if text.strip()}
        return "a repeat" if sentence.strip() in said else None
