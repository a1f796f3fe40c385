"""A chat with a model: text in, safe text out, piece by piece. No terminal.

What a reply is made of: `llmq.chat.speaking`.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from llmq.chat.model_notes import model_notes
from llmq.chat.pieces import Kind, Piece
from llmq.chat.session import DEFAULT_SYSTEM, Session
from llmq.chat.speaking import ModelSpeaker
from llmq.runtime import CHAT, GREEDY, How, Model, Sampling, open_model

FORGOTTEN = "the beginning of this chat does not fit the context any more (--ctx): the tutor has forgotten it"


@dataclass(frozen=True)
class ChatSettings:
    """How a chat runs; `max_tokens` bounds one reply."""

    system: str = DEFAULT_SYSTEM
    sampling: Sampling = GREEDY
    max_tokens: int = 512


class Chat:
    """An open chat; `session` is what was said."""

    def __init__(self, model: Model, settings: ChatSettings) -> None:
        self.model = model
        self.settings = settings
        self.session = Session.begin(settings.system)
        self._speaker = ModelSpeaker(model, settings.sampling)
        self._told_of_forgetting = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.model.close()

    def notes(self) -> Iterator[str]:
        """What is worth saying before the first turn, in whole sentences."""
        return model_notes(self.model, self.settings.system)

    def say(self, text: str) -> str:
        """Say `text` and return what the tutor says to it; see `reply`."""
        return "".join(piece.text for piece in self.reply(text) if piece.kind is Kind.SPEECH)

    def reply(self, text: str) -> Generator[Piece, None, None]:
        """Yield the tutor's reply to `text` as it comes: thoughts, then speech, then remarks.

        The session keeps the speech, also that of a reply that is closed before its end (Ctrl-C).
        Raises ModelError where `text` does not fit the context; the session is then as before.
        """
        asked = self.session.said("user", text)
        reserve = min(self.settings.max_tokens, self.model.n_ctx // 2)
        prompt, n_forgotten = asked.fitted(self.model.n_ctx - reserve, self.model.prompt)
        speech: list[str] = []
        try:
            if n_forgotten and not self._told_of_forgetting:
                self._told_of_forgetting = True
                yield Piece(Kind.REMARK, FORGOTTEN)
            for piece in self._speaker.pieces(prompt, max_tokens=self.settings.max_tokens):
                if piece.kind is Kind.SPEECH:
                    speech.append(piece.text)
                yield piece
        finally:
            if speech:  # a student's turn that got no answer is taken back
                self.session = asked.said("assistant", "".join(speech).rstrip())


def open_chat(
    path: str | Path,
    *,
    settings: ChatSettings | None = None,
    n_ctx: int | None = None,
    threads: int | None = None,
    how: How = CHAT,
) -> Chat:
    """Open a chat with the model in a GGUF file, for use in a `with`. Raises ModelError.

    `n_ctx` is the context in tokens (default: the model's own, up to 4096), `threads` the number of
    threads (default: every core that is free), `how` the type of keys and values and the layers on
    a GPU.

    >>> from tempfile import TemporaryDirectory
    >>> from llmq import convert
    >>> with TemporaryDirectory() as folder:
    ...     tutor = convert("eval/tutor", f"{folder}/tutor.gguf", recipe="Q8_0")
    ...     with open_chat(tutor, threads=1) as chat:
    ...         answer = chat.say("What is 3/4 of 20?")
    >>> [message.role for message in chat.session.messages]
    ['system', 'user', 'assistant']
    >>> answer == chat.session.messages[-1].content != ""
    True
    """
    model = open_model(Path(path), n_ctx=n_ctx, threads=threads, how=how)
    return Chat(model, settings or ChatSettings())
