"""One opened GGUF file: its tokens, its scores, its next tokens."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from llmq.errors import ModelError
from llmq.runtime.batches import cut
from llmq.runtime.binding import last_error, library
from llmq.runtime.chat_template import ChatTemplate
from llmq.runtime.ends import Ends
from llmq.runtime.file_template import file_template
from llmq.runtime.transcript import Transcriber, Transcript
from llmq.runtime.vocabulary import Vocabulary
from llmq.suites import Message

BATCH_TOKENS = 256  # tokens per llama_decode: large enough for speed, small enough for Ctrl-C
OUTPUT_ROWS = 64  # rows of logits held at once: 64 x 151,936 floats are 39 MB

Logits = npt.NDArray[np.float32]  # (rows, n_vocab)


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. A temperature of 0 is greedy: always the likeliest token."""

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0


GREEDY = Sampling()


@dataclass(frozen=True)
class Handles:
    """llama.cpp's pointers, and the stack that frees them: the context before its model.

    `n_ctx` tokens were asked for; llama.cpp rounds up what it takes, beyond what the model learned.
    """

    model: Any
    vocab: Any
    context: Any
    n_ctx: int
    batch: Any
    resources: ExitStack


class Model:
    """A GGUF file opened by llama.cpp (see `open_model`). Use it in a `with`, or `close` it."""

    def __init__(self, path: Path, handles: Handles, *, fixed_date: bool = False) -> None:
        self.path = path
        self._lib = library()
        self._vocabulary = Vocabulary(path, handles.vocab)
        self.n_vocab = self._vocabulary.n_tokens
        self.n_ctx = handles.n_ctx
        self.bos = self._vocabulary.bos  # -1: none
        self.eos = self._vocabulary.eos  # -1: none
        self._fixed_date = fixed_date
        # At most BATCH_TOKENS, and fewer in a small context: with more, llama.cpp ends the process.
        self._n_batch: int = self._lib.llama_n_batch(handles.context)
        self._opened: Handles | None = handles
        self.tokens_read = 0  # by llama.cpp since the file was opened
        self._read: list[int] = []  # the tokens whose keys and values llama.cpp holds

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
        if self._opened is None:  # llama.cpp would take a freed pointer and crash the process
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
        return Transcriber(self.vocabulary, self.chat_template)

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

    def score(self, tokens: Sequence[int], positions: Sequence[int]) -> Iterator[Logits]:
        """Yield the logits after `tokens[p]` for each p of the ascending `positions`.

        Each array is (rows, n_vocab) with at most OUTPUT_ROWS rows; row by row they belong to
        `positions` in order. The context starts empty: nothing is reused between calls.
        """
        self._check_room(len(tokens))
        self._forget(0)
        rows = {"most_tokens": self._n_batch, "most_rows": OUTPUT_ROWS}
        for batch in cut(len(tokens), positions, **rows):
            self._decode(tokens[batch.start : batch.stop], [p - batch.start for p in batch.outputs])
            if batch.wanted:
                yield np.stack([self._logits(p - batch.start) for p in batch.wanted])

    def logits(self, tokens: Sequence[int]) -> Logits:
        """The logits after every token, (len(tokens), n_vocab) at once: for short texts."""
        return np.concatenate(list(self.score(tokens, range(len(tokens)))))

    def generate(
        self, prompt: Sequence[int], *, max_tokens: int, sampling: Sampling = GREEDY
    ) -> Iterator[int]:
        """Yield new tokens after `prompt`; one for which `is_end` holds is the last.

        Without such a token it ends after `max_tokens`, or when the context is full. The part of
        the prompt that the previous call already read is not computed again.
        """
        self._check_room(len(prompt) + 1)
        if not prompt:
            raise ModelError(f"{self.path.name}: no token to continue; its chat template is empty")
        self._forget(_common_prefix(self._read, prompt[:-1]))
        for start in range(len(self._read), len(prompt), self._n_batch):
            part = prompt[start : start + self._n_batch]
            self._decode(part, [len(part) - 1])
        sampler = self._sampler(sampling)
        try:
            for _ in range(min(max_tokens, self.n_ctx - len(prompt))):
                token: int = self._lib.llama_sampler_sample(sampler, self._handles.context, -1)
                yield token
                if self.is_end(token):
                    return
                self._decode([token], [0])
        finally:
            self._lib.llama_sampler_free(sampler)

    # llama.cpp's calls

    def _check_room(self, n_tokens: int) -> None:
        if n_tokens > self.n_ctx:
            raise ModelError(
                f"{self.path.name}: the text needs {n_tokens} tokens but the context holds "
                f"{self.n_ctx}; shorten it or open the model with a larger context"
            )

    def _forget(self, keep: int) -> None:
        """Drop all but the first `keep` tokens from llama.cpp's cache."""
        memory = self._lib.llama_get_memory(self._handles.context)
        if keep == 0 or not self._lib.llama_memory_seq_rm(memory, 0, keep, -1):
            self._lib.llama_memory_clear(memory, True)  # a recurrent model cannot go back
            keep = 0
        del self._read[keep:]

    def _decode(self, tokens: Sequence[int], outputs: Sequence[int]) -> None:
        batch, n = self._handles.batch, len(tokens)
        batch.n_tokens = n
        flags = np.zeros(n, dtype=np.int8)
        flags[list(outputs)] = 1
        np.ctypeslib.as_array(batch.token, (n,))[:] = tokens
        np.ctypeslib.as_array(batch.pos, (n,))[:] = np.arange(n) + len(self._read)
        np.ctypeslib.as_array(batch.n_seq_id, (n,))[:] = 1
        np.ctypeslib.as_array(batch.logits, (n,))[:] = flags
        for i in range(n):
            batch.seq_id[i][0] = 0
        status = self._lib.llama_decode(self._handles.context, batch)
        if status != 0:
            self._read.clear()
            raise ModelError(f"{self.path.name}: llama.cpp failed ({status}){last_error()}")
        self._read.extend(tokens)
        self.tokens_read += n

    def _logits(self, row: int) -> Logits:
        pointer = self._lib.llama_get_logits_ith(self._handles.context, row)
        return np.ctypeslib.as_array(pointer, (self.n_vocab,))

    def _sampler(self, sampling: Sampling) -> Any:
        lib = self._lib
        if sampling.temperature <= 0:
            return lib.llama_sampler_init_greedy()
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        steps = (
            lib.llama_sampler_init_top_p(sampling.top_p, 1),
            lib.llama_sampler_init_temp(sampling.temperature),
            lib.llama_sampler_init_dist(sampling.seed),
        )
        for step in steps:
            lib.llama_sampler_chain_add(chain, step)
        return chain


def _common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))
