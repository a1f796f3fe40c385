"""What a reply is streamed as: pieces of text, each of a kind, and stages that rework the stream.

A stage takes an iterator of pieces and yields pieces; `conversation.Chat` puts them in a row.
Joined, the pieces of one kind are that part of the reply: where one ends and the next begins means
nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Who a piece is from and for."""

    SPEECH = "speech"  # what the tutor says to the student
    THOUGHT = "thought"  # what the model writes for itself before it speaks
    REMARK = "remark"  # what the program has to say about the reply: a whole sentence


@dataclass(frozen=True)
class Piece:
    """Some text of a reply, safe to print."""

    kind: Kind
    text: str


def trimmed(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """`pieces` without empty ones, and without the white space before the first text of each kind.

    >>> speech = (Piece(Kind.SPEECH, text) for text in ("", " ", " Yes", " !"))
    >>> [piece.text for piece in trimmed(speech)]
    ['Yes', ' !']
    """
    begun: set[Kind] = set()
    for piece in pieces:
        text = piece.text if piece.kind in begun else piece.text.lstrip()
        if text:
            begun.add(piece.kind)
            yield Piece(piece.kind, text)


def first_line(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """`pieces` up to the first newline of the speech, and nothing that comes later.

    >>> speech = (Piece(Kind.SPEECH, text) for text in ("Ye", "s.\\nuser: ", "Hi"))
    >>> [piece.text for piece in first_line(speech)]
    ['Ye', 's.']
    """
    for piece in pieces:
        line, newline, _ = piece.text.partition("\n")
        if piece.kind is Kind.SPEECH and newline:
            yield Piece(Kind.SPEECH, line)
            return
        yield piece
