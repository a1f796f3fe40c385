"""One opened GGUF file as a reader: how text and messages become its tokens."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from llmq.errors import ModelError
from llmq.runtime.binding import pre_tokenizer
from llmq.runtime.chat_template import ChatTemplate
from llmq.runtime.ends import Ends
from llmq.runtime.file_template import file_template
from llmq.runtime.sampling import file_sampling
from llmq.runtime.transcript import Transcriber, Transcript
from llmq.runtime.vocabulary import Vocabulary
from llmq.suites import Message


@dataclass(frozen=True)
class Opened:
    """llama.cpp's pointers to a file and its vocabulary, and the stack that frees them."""

    model: Any
    vocab: Any
    resources: ExitStack


class Reader:
    """What a file says of text (see `open_reader`). Use it in a `with`, or `close` it."""

    def __init__(self, path: Path, opened: Opened, *, fixed_date: bool = False) -> None:
        self.path = path
        self._vocabulary = Vocabulary(path, opened.vocab, pre=pre_tokenizer(opened.model))
        self.n_vocab = self._vocabulary.n_tokens
        self.bos = self._vocabulary.bos  # -1: none
        self.eos = self._vocabulary.eos  # -1: none
        self.sampling = file_sampling(opened.model)  # what the file itself asks for
        self._opened: Opened | None = opened
        self._fixed_date = fixed_date

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free everything that llama.cpp holds; calling it twice is harmless."""
        if self._opened:
            self._opened.resources.close()
        self._opened = None

    def _still_open(self) -> Opened:
        if self._opened is None:
            raise ModelError(f"{self.path} has been closed; open it again")
        return self._opened

    @property
    def vocabulary(self) -> Vocabulary:
        """The file's tokens."""
        self._still_open()
        return self._vocabulary

    @cached_property
    def chat_template(self) -> ChatTemplate:
        """The file's own chat template, or `PLAIN` where it has none."""
        opened = self._still_open()
        return file_template(opened.model, self.vocabulary, fixed_date=self._fixed_date)

    def ask_for_thoughts(self, asked: bool) -> None:
        """Have the template open replies with thoughts from now on, or no longer."""
        if self.chat_template.thinks != asked:
            self.chat_template = replace(self.chat_template, thinks=asked)
            self._transcriber = Transcriber(self.vocabulary, self.chat_template, self._ends)

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self.vocabulary, self.chat_template)

    @cached_property
    def _transcriber(self) -> Transcriber:
        return Transcriber(self.vocabulary, self.chat_template, self._ends)

    def is_end(self, token: int) -> bool:
        """Whether `token` ends a generation: end of text, of turn, of message."""
        self._still_open()
        return token in self._ends

    def tokenize(self, text: str, *, special: bool = False, add_bos: bool = False) -> list[int]:
        """Token ids of `text`; with `special`, names such as <|im_end|> become their token.

        `add_bos` puts the beginning-of-text token first where the file asks for one and the text
        does not begin with it already.
        """
        tokens = self.vocabulary.tokenize(text, special=special)
        return self.vocabulary.begun(tokens) if add_bos else tokens

    def transcript(
        self, messages: Sequence[Message], *, add_generation_prompt: bool = False
    ) -> Transcript:
        """The messages by the file's own template, with the opening of a reply if asked for."""
        self._still_open()
        return self._transcriber.write(messages, add_generation_prompt=add_generation_prompt)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens after which the assistant's next turn begins, by the file's own template."""
        return self.transcript(messages, add_generation_prompt=True).tokens

    def piece(self, token: int) -> bytes:
        """The bytes of one token; nothing for control tokens and for those that end a turn."""
        return b"" if self.is_end(token) else self.vocabulary.piece(token)
