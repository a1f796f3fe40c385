"""A chat with a model: text in, safe text out, piece by piece. No terminal.

The way of a reply: tokens -> safe text, up to the token that ends it (`_decoded`) -> thoughts and
speech (`split_thoughts`) -> no white space in front (`trimmed`) -> for a model without a chat
template, one line (`first_line`).
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from llmq.chat.pieces import Kind, Piece, first_line, trimmed
from llmq.chat.sanitize import Sanitizer
from llmq.chat.session import DEFAULT_SYSTEM, Session
from llmq.chat.thinking import OPENING, split_thoughts
from llmq.errors import ModelError
from llmq.runtime import CHAT, GREEDY, How, Model, Sampling, open_model
from llmq.runtime.chat_template import ChatTemplate
from llmq.suites import Message

FORGOTTEN = "the beginning of this chat does not fit the context any more (--ctx): the tutor has forgotten it"
CUT = "the reply was cut short at its limit of tokens (--max-tokens, --ctx)"


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
        self._told_of_forgetting = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.model.close()

    def notes(self) -> Iterator[str]:
        """What is worth saying before the first turn, in whole sentences."""
        template, system = self.model.chat_template, Message("system", self.settings.system)
        if self.model.remark:
            yield self.model.remark
        if template.is_plain:
            yield (
                f"{self.model.path.name} has no chat template: turns are written as plain lines,"
                " which the model may never have seen"
            )
        if system.content and leaves_out(template, system):
            yield (
                f"the chat template of {self.model.path.name} leaves the system text out (--system):"
                " the model is not told how to teach"
            )

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
            for piece in self._pieces(prompt):
                if piece.kind is Kind.SPEECH:
                    speech.append(piece.text)
                yield piece
        finally:
            if speech:  # a student's turn that got no answer is taken back
                self.session = asked.said("assistant", "".join(speech).rstrip())

    def _pieces(self, prompt: list[int]) -> Iterator[Piece]:
        tokens = self.model.generate(
            prompt, max_tokens=self.settings.max_tokens, sampling=self.settings.sampling
        )
        opened = _opens_thought(self.model, prompt)
        pieces = trimmed(split_thoughts(_decoded(self.model, tokens), opened=opened))
        return first_line(pieces) if self.model.chat_template.is_plain else pieces


def leaves_out(template: ChatTemplate, system: Message) -> bool:
    """Whether the system turn changes nothing in what the template writes."""
    turn = Message("user", "Hello")
    try:
        with_it, without = (
            template.render(turns, add_generation_prompt=True) for turns in ([system, turn], [turn])
        )
    except ModelError:  # which will be said when it matters
        return False
    return with_it == without


def _decoded(model: Model, tokens: Iterable[int]) -> Iterator[Piece]:
    """The text of `tokens` up to the one that ends the reply; where none does, a remark."""
    sanitizer, ended = Sanitizer(), False
    for token in tokens:
        ended = model.is_end(token)
        if ended:
            break
        yield Piece(Kind.SPEECH, sanitizer.feed(model.piece(token)))
    yield Piece(Kind.SPEECH, sanitizer.finish())
    if not ended:
        yield Piece(Kind.REMARK, CUT)


def _opens_thought(model: Model, prompt: Sequence[int]) -> bool:
    """Whether the template ends the prompt with <think>, read as the reply itself will be."""
    tail = b"".join(map(model.piece, prompt[-2 * len(OPENING) :]))  # a token may be a single byte
    return tail.rstrip().endswith(OPENING.encode())


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
