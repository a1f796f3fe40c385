"""A chat with a model: text in, safe text out, piece by piece. No terminal."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from llmq.chat.sanitize import Sanitizer
from llmq.chat.session import DEFAULT_SYSTEM, Session
from llmq.runtime import GREEDY, Model, Sampling, open_model


@dataclass(frozen=True)
class ChatSettings:
    """How a chat runs; `max_tokens` bounds one reply."""

    system: str = DEFAULT_SYSTEM
    sampling: Sampling = GREEDY
    max_tokens: int = 512


class Chat:
    """An open chat. `session` is what was said, `was_cut` whether the last reply hit its bound."""

    def __init__(self, model: Model, settings: ChatSettings) -> None:
        self.model = model
        self.settings = settings
        self.session = Session.begin(settings.system)
        self.was_cut = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.model.close()

    def reply(self, text: str) -> Generator[str, None, None]:
        """Yield the tutor's reply to `text` as it comes, safe for a terminal.

        Whoever stops listening (Ctrl-C) keeps what was said until then in the session. Raises
        ModelError where `text` does not fit the context; the session is then as before.
        """
        asked = self.session.said("user", text)
        reserve = min(self.settings.max_tokens, self.model.n_ctx // 2)
        shown = asked.fitted(self.model.n_ctx - reserve, lambda m: len(self.model.prompt(m)))
        parts: list[str] = []
        try:
            for part in self._parts(self.model.prompt(shown.messages)):
                parts.append(part)
                yield part
        finally:
            if parts:  # a student's turn that got no answer is taken back
                self.session = asked.said("assistant", "".join(parts).rstrip())

    def _parts(self, prompt: list[int]) -> Iterator[str]:
        """The reply without white space before it; a plain model's reply ends with its line."""
        sanitizer, begun = Sanitizer(), False
        tokens = self.model.generate(
            prompt, max_tokens=self.settings.max_tokens, sampling=self.settings.sampling
        )
        self.was_cut = True
        for token in tokens:
            if self.model.is_end(token):
                self.was_cut = False
                break
            part = sanitizer.feed(self.model.piece(token))
            part = part if begun else part.lstrip()
            line, newline, _ = part.partition("\n")
            if newline and self.model.chat_template.is_plain:
                self.was_cut = False
                yield line
                return
            begun = begun or bool(part)
            if part:
                yield part
        if rest := sanitizer.finish():
            yield rest


def open_chat(
    path: str | Path,
    *,
    settings: ChatSettings | None = None,
    n_ctx: int | None = None,
    threads: int | None = None,
) -> Chat:
    """Open a chat with the model in a GGUF file, for use in a `with`. Raises ModelError.

    `n_ctx` is the context in tokens (default: the model's own, up to 4096), `threads` the number of
    threads (default: every core).

        with open_chat("tutor.gguf") as chat:
            print("".join(chat.reply("What is 3/4 of 20?")))
    """
    model = open_model(Path(path), n_ctx=n_ctx, threads=threads)
    return Chat(model, settings or ChatSettings())
