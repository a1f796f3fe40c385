"""Splitting off the thoughts that a reasoning model writes between <think> and </think>.

A reply begins with its thoughts or has none: they open with <think> as its first text, or a chat
template has written that tag already as the last of the prompt. Anywhere else the tags are text
like any other, for a tutor may explain them, and half an answer must not vanish. Tags that the file
declares to be control tokens are not seen: they have no text, and the thoughts read as speech.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto

from llmq.chat.pieces import Kind, Piece

OPENING, CLOSING = "<think>", "</think>"
UNSAID = "the reply ended within its thoughts, before anything was said"


# At the end of a prompt: thoughts that wait for the reply, or none at all, as Gemma 4 has them too.
OPENED = re.compile(r"(<think>\s*(</think>\s*)?|<\|channel>thought\s*<channel\|>\s*)\Z")


def without_opened_thought(prompt: str) -> str:
    """`prompt` without the thoughts that end it, opened for a reply to come or empty.

    >>> without_opened_thought("Assistant: <think>\\n")
    'Assistant: '
    >>> without_opened_thought("<|turn>model\\n<|channel>thought\\n<channel|>")
    '<|turn>model\\n'
    """
    return OPENED.sub("", prompt)


class _State(Enum):
    START = auto()  # no text yet but white space and perhaps a part of <think>
    THOUGHT = auto()
    SPEECH = auto()


class ThoughtSplitter:
    """Takes text bit by bit and gives it back as thought and speech, without the tags.

    `opened`: the prompt ends with <think>.
    """

    def __init__(self, *, opened: bool) -> None:
        self._state = _State.THOUGHT if opened else _State.START
        self._held = ""  # the end of the text so far, if a tag may have begun there

    @property
    def is_thought(self) -> bool:
        """Whether what comes next is a thought."""
        return self._state is _State.THOUGHT

    def feed(self, text: str) -> Iterator[Piece]:
        """The pieces that `text` completes, some of them empty; what may be part of a tag waits."""
        text = self._held + text
        self._held = ""
        if self._state is _State.START:
            begun = text.lstrip()
            if OPENING.startswith(begun) and begun != OPENING:
                self._held = text
                return
            self._state = _State.THOUGHT if begun.startswith(OPENING) else _State.SPEECH
            text = begun.removeprefix(OPENING)
        if self._state is _State.THOUGHT:
            thought, closing, text = text.partition(CLOSING)
            if closing:
                self._state = _State.SPEECH
            else:
                self._held = _possible_start(CLOSING, thought)
            yield Piece(Kind.THOUGHT, thought.removesuffix(self._held))
        yield Piece(Kind.SPEECH, text)

    def finish(self) -> Iterator[Piece]:
        """What was waiting when the reply ended; a remark where its thoughts had not."""
        if self._state is _State.THOUGHT:
            yield Piece(Kind.THOUGHT, self._held)
            yield Piece(Kind.REMARK, UNSAID)
        else:
            yield Piece(Kind.SPEECH, self._held)


def split_thoughts(pieces: Iterable[Piece], *, opened: bool) -> Iterator[Piece]:
    """`pieces` with the speech split into thought and speech; remarks stay at the end.

    >>> texts = "<th", "ink>3 + 4 is 7.</thi", "nk>Yes!"
    >>> found = split_thoughts((Piece(Kind.SPEECH, text) for text in texts), opened=False)
    >>> [(piece.kind.value, piece.text) for piece in found if piece.text]
    [('thought', '3 + 4 is 7.'), ('speech', 'Yes!')]
    """
    return split(pieces, ThoughtSplitter(opened=opened))


def split(pieces: Iterable[Piece], splitter: ThoughtSplitter) -> Iterator[Piece]:
    """As `split_thoughts`, with a splitter that can be asked on the way."""
    remarks = []
    for piece in pieces:
        if piece.kind is Kind.SPEECH:
            yield from splitter.feed(piece.text)
        else:
            remarks.append(piece)
    yield from splitter.finish()
    yield from remarks


def _possible_start(tag: str, text: str) -> str:
    """The longest end of `text` with which `tag` begins."""
    return next(tag[:n] for n in range(len(tag), -1, -1) if text.endswith(tag[:n]))
