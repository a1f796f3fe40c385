"""What a file writes by itself: in which way a token is chosen, and what becomes of the tokens."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from llmq.chat.pieces import Kind, Piece
from llmq.chat.thinking import OPENING, split_thoughts
from llmq.runtime import GREEDY, Ask, Model, Sampling

TEMPERATURE = 0.7  # as a tutor's chat has it
SENTENCE = re.compile(r"(?s).*?(?:[.!?](?=\s|$)|[。！？]|\n|$)")  # noqa: RUF001  # signs that people type


@dataclass(frozen=True)
class Way:
    """How a reply is written: greedily, or by chance, which `seed` repeats."""

    mode: str
    seed: int
    sampling: Sampling


GREEDILY = Way("greedy", 0, GREEDY)
WAYS = (GREEDILY, Way("sampled", 1, Sampling(TEMPERATURE, seed=1)))


@dataclass(frozen=True)
class Reply:
    """What a file wrote: its tokens, the last one included, and whether it came to an end.

    `opened`: the prompt ended within thoughts, which the reply goes on with.
    """

    tokens: tuple[int, ...]
    text: str
    closed: bool
    opened: bool = False

    @property
    def speech(self) -> str:
        """What the student is told: the text without thoughts before it."""
        pieces = split_thoughts([Piece(Kind.SPEECH, self.text)], opened=self.opened)
        return "".join(piece.text for piece in pieces if piece.kind is Kind.SPEECH).strip()

    @property
    def first_sentence(self) -> str:
        """How it begins, white space aside.

        >>> Reply((1,), "Take 3.5 of it.  Then add.", closed=True).first_sentence
        'Take 3.5 of it.'
        """
        match = SENTENCE.match(self.speech)
        return " ".join(match[0].split()) if match else ""


def written(
    model: Model, prompt: Sequence[int], way: Way, max_tokens: int
) -> Generator[Ask, list[int], Reply]:
    """One reply, for `Model.write_together`."""
    plain = model.chat_template.is_plain

    def line_ended(tokens: Sequence[int]) -> bool:
        # Without a chat template no token ends a turn, but its line does, as in a chat.
        return plain and b"\n" in _bytes(model, tokens).lstrip()

    def is_over(tokens: Sequence[int]) -> bool:
        return model.is_end(tokens[-1]) or line_ended(tokens)

    tokens = yield Ask(prompt, max_tokens, way.sampling, is_over)
    text = _bytes(model, tokens).decode("utf-8", "replace").strip()
    opened = _bytes(model, prompt[-2 * len(OPENING) :]).rstrip().endswith(OPENING.encode())
    return Reply(tuple(tokens), text, bool(tokens) and is_over(tokens), opened)


def _bytes(model: Model, tokens: Sequence[int]) -> bytes:
    return b"".join(map(model.piece, tokens))
