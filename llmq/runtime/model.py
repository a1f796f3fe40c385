"""One opened GGUF file: its tokens, its scores, its next tokens."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from llmq.errors import ModelError
from llmq.runtime.binding import file_value
from llmq.runtime.chat_template import ChatTemplate
from llmq.runtime.decoder import GREEDY, Decoder, Handles, Logits, Sampling
from llmq.runtime.ends import Ends
from llmq.runtime.file_template import file_template
from llmq.runtime.transcript import Transcriber, Transcript
from llmq.runtime.vocabulary import Vocabulary
from llmq.suites import Message


class Model:
    """A GGUF file opened by llama.cpp (see `open_model`). Use it in a `with`, or `close` it."""

    def __init__(self, path: Path, handles: Handles, *, fixed_date: bool = False) -> None:
        self.path = path
        pre = file_value(handles.model, "tokenizer.ggml.pre")
        self._vocabulary = Vocabulary(path, handles.vocab, pre=pre)
        self.n_vocab = self._vocabulary.n_tokens
        self.n_ctx = handles.n_ctx
        self.bos = self._vocabulary.bos  # -1: none
        self.eos = self._vocabulary.eos  # -1: none
        self._opened: Handles | None = handles
        self._decoder = Decoder(path, lambda: self._handles)
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

    @property
    def _handles(self) -> Handles:
        if self._opened is None:
            raise ModelError(f"{self.path} has been closed; open it again")
        return self._opened

    # What the file says

    @property
    def vocabulary(self) -> Vocabulary:
        """The file's tokens."""
        _ = self._handles
        return self._vocabulary

    @cached_property
    def chat_template(self) -> ChatTemplate:
        """The file's own chat template, or `PLAIN` where it has none."""
        return file_template(self._handles.model, self.vocabulary, fixed_date=self._fixed_date)

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self.vocabulary, self.chat_template)

    @cached_property
    def _transcriber(self) -> Transcriber:
        return Transcriber(self.vocabulary, self.chat_template, self._ends)

    def is_end(self, token: int) -> bool:
        """Whether `token` ends a generation: end of text, of turn, of message."""
        _ = self._handles
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
        _ = self._handles
        return self._transcriber.write(messages, add_generation_prompt=add_generation_prompt)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens after which the assistant's next turn begins, by the file's own template."""
        return self.transcript(messages, add_generation_prompt=True).tokens

    def piece(self, token: int) -> bytes:
        """The bytes of one token; nothing for control tokens and for those that end a turn."""
        return b"" if self.is_end(token) else self.vocabulary.piece(token)

    # What the model computes

    @property
    def tokens_read(self) -> int:
        """How many tokens llama.cpp has read since the file was opened."""
        return self._decoder.tokens_read

    def score(self, tokens: Sequence[int], positions: Sequence[int]) -> Iterator[Logits]:
        """Yield the logits after `tokens[p]` for each p of the ascending `positions`.

        Each array is (rows, n_vocab) with at most OUTPUT_ROWS rows; row by row they belong to
        `positions` in order. The context starts empty: nothing is reused between calls.
        """
        return self._decoder.score(tokens, positions)

    def logits(self, tokens: Sequence[int]) -> Logits:
        """The logits after every token, (len(tokens), n_vocab) at once: for short texts."""
        return np.concatenate(list(self.score(tokens, range(len(tokens)))))

    def generate(
        self, prompt: Sequence[int], *, max_tokens: int, sampling: Sampling = GREEDY
    ) -> Iterator[int]:
        """Yield new tokens after `prompt`; one for which `is_end` holds is the last.

        Without such a token it ends after `max_tokens`, or when the context is full. The part of
        the prompt that the previous call already read is not computed again. Raises ModelError
        where a damaged file gives no numbers.
        """
        return self._decoder.generate(
            prompt, max_tokens=max_tokens, sampling=sampling, is_end=self.is_end
        )
