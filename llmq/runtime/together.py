"""Several texts written side by side, a token of each in every step of llama.cpp.

A step reads all weights once, however many texts take a token from it: eight of a model of 135 M
weights came at 3 (Q4_K_M) and 6 times (BF16) the rate of one, on two cores. Each text has a
sequence of its own in a context that is opened for the while, with the settings of the model's own.

Who writes is a generator: it yields what is to be continued and is sent the new tokens, as often as
it likes, and what it returns is its result. A sequence serves one writer after the other, and keeps
what the next prompt begins with; so a second reply to a prompt, or the next turn of a conversation,
is hardly read anew. Kernels depend on the number of texts that are still open (`batches.py`), so
the last bits of logits do too: the same file, writers and threads give the same texts, while a text
that is written among others may part from itself written alone.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from llmq.errors import ModelError
from llmq.interrupts import interrupts_deferred
from llmq.runtime.binding import last_error, library
from llmq.runtime.decoder import BATCH_TOKENS, Handles, common_prefix, no_number
from llmq.runtime.sampling import Sampling, make_sampler

AT_ONCE = 8  # texts; more gain little
CELLS = 4096  # tokens of context for all of them together, twice what a measurement reads in
CELL_STEP = 256  # llama.cpp rounds a sequence's context up to a multiple


@dataclass(frozen=True)
class Ask:
    """A prompt to continue, until `is_over` holds of the new tokens or `max_tokens` are there."""

    prompt: Sequence[int]
    max_tokens: int
    sampling: Sampling
    is_over: Callable[[Sequence[int]], bool]


Told = TypeVar("Told")
Writer = Generator[Ask, list[int], Told]


@dataclass
class _Line(Generic[Told]):
    """A sequence of llama.cpp's: who writes in it, and what it holds."""

    sequence: int
    writer: Writer[Told]
    index: int  # of the writer
    ask: Ask
    sampler: Any
    read: list[int] = field(default_factory=list)
    made: list[int] = field(default_factory=list)

    @property
    def next_token(self) -> int:
        """The token that is to be read next."""
        return self.made[-1] if self.made else self.ask.prompt[-1]


def write_together(
    path: Path, handles: Handles, writers: Sequence[Writer[Told]], *, room: int
) -> list[Told]:
    """What each of `writers` returns; a prompt and its reply take at most `room` tokens.

    Raises ModelError where llama.cpp fails or computes no numbers.
    """
    each = -(-room // CELL_STEP) * CELL_STEP
    n_lines = max(1, min(AT_ONCE, CELLS // each, len(writers)))
    with _context(path, handles, n_lines, each) as context:
        return _Desk(path, handles, context, each).run(writers, n_lines)


@contextmanager
def _context(path: Path, handles: Handles, n_sequences: int, each: int) -> Iterator[Any]:
    """A context of `n_sequences` sequences of `each` tokens, beside the model's own."""
    lib = library()
    settings = type(handles.settings).from_buffer_copy(handles.settings)
    settings.n_seq_max, settings.n_ctx = n_sequences, n_sequences * each
    settings.kv_unified = False  # none looks at the others' keys
    settings.n_outputs_max = n_sequences
    with interrupts_deferred():
        last_error()
        context = lib.llama_init_from_model(handles.model, settings)
        if not context:
            raise ModelError(
                f"{path.name}: no room for {n_sequences} replies at once{last_error()}"
            )
    try:
        yield context
    finally:
        lib.llama_free(context)


class _Desk:
    """The lines of one context."""

    def __init__(self, path: Path, handles: Handles, context: Any, n_ctx: int) -> None:
        self._path = path
        self._lib = library()
        self._context = context
        self._batch = handles.batch
        self._n_batch = min(BATCH_TOKENS, self._lib.llama_n_batch(context))
        self._n_vocab: int = self._lib.llama_vocab_n_tokens(handles.vocab)
        self._n_ctx = n_ctx

    def run(self, writers: Sequence[Writer[Told]], n_lines: int) -> list[Told]:
        """Let all write; the results in order."""
        results: dict[int, Told] = {}
        waiting = iter(enumerate(writers))
        lines = [line for n in range(n_lines) if (line := self._seated(n, waiting, results, []))]
        try:
            while lines:
                self._step(lines)
                lines = [on for line in lines if (on := self._after(line, waiting, results))]
        finally:
            for line in lines:
                self._free(line)
        return [results[index] for index in range(len(writers))]

    def _seated(
        self,
        sequence: int,
        waiting: Iterator[tuple[int, Writer[Told]]],
        results: dict[int, Told],
        read: list[int],
    ) -> "_Line[Told] | None":
        """The next writer who asks for something, in a sequence that holds `read`."""
        for index, writer in waiting:
            try:
                ask = next(writer)
            except StopIteration as end:
                results[index] = end.value
                continue
            line = _Line(
                sequence, writer, index, ask, make_sampler(ask.sampling, self._n_vocab), read
            )
            self._prepare(line)
            return line
        return None

    def _after(
        self,
        line: "_Line[Told]",
        waiting: Iterator[tuple[int, Writer[Told]]],
        results: dict[int, Told],
    ) -> "_Line[Told] | None":
        """The line as it goes on after a step: the same text, the next one, another writer."""
        limit = min(line.ask.max_tokens, self._n_ctx - len(line.ask.prompt))
        if len(line.made) < limit and not line.ask.is_over(line.made):
            return line
        self._free(line)
        try:
            ask = line.writer.send(line.made)
        except StopIteration as end:
            results[line.index] = end.value
            return self._seated(line.sequence, waiting, results, line.read)
        sampler = make_sampler(ask.sampling, self._n_vocab)
        line = _Line(line.sequence, line.writer, line.index, ask, sampler, line.read)
        self._prepare(line)
        return line

    def _free(self, line: "_Line[Told]") -> None:
        """Free a sampler once: what comes between two texts may fail, or be interrupted."""
        sampler, line.sampler = line.sampler, None
        self._lib.llama_sampler_free(sampler)

    def _prepare(self, line: "_Line[Told]") -> None:
        """Read the prompt but its last token, with which the writing begins."""
        prompt = line.ask.prompt
        if not prompt or len(prompt) >= self._n_ctx:
            raise ModelError(
                f"{self._path.name}: a prompt of {len(prompt)} tokens leaves no room in {self._n_ctx}"
            )
        self._forget(line, common_prefix(line.read, prompt[:-1]))
        while len(line.read) < len(prompt) - 1:
            start = len(line.read)
            part = prompt[start : min(len(prompt) - 1, start + self._n_batch)]
            self._decode([(line, token) for token in part], outputs=False)

    def _forget(self, line: "_Line[Told]", keep: int) -> None:
        """Drop all but the first `keep` tokens; states cannot go back, so all where there are."""
        memory, sequence = self._lib.llama_get_memory(self._context), line.sequence
        if keep < len(line.read) and not self._lib.llama_memory_seq_rm(memory, sequence, keep, -1):
            self._lib.llama_memory_seq_rm(memory, sequence, -1, -1)
            keep = 0
        del line.read[keep:]

    def _step(self, lines: "Sequence[_Line[Told]]") -> None:
        """A new token for each line."""
        self._decode([(line, line.next_token) for line in lines], outputs=True)
        for row, line in enumerate(lines):
            pointer = self._lib.llama_get_logits_ith(self._context, row)
            # The largest of numbers that are none is none; a sampler would take any token.
            if not np.isfinite(np.ctypeslib.as_array(pointer, (self._n_vocab,)).max()):
                raise no_number(self._path)
            token = self._lib.llama_sampler_sample(line.sampler, self._context, row)
            line.made.append(token)

    def _decode(self, tokens: "Sequence[tuple[_Line[Told], int]]", *, outputs: bool) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, (line, token) in enumerate(tokens):
            batch.token[i], batch.pos[i], batch.logits[i] = token, len(line.read), outputs
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = line.sequence
            line.read.append(token)
        status = self._lib.llama_decode(self._context, batch)
        if status != 0:
            raise ModelError(f"{self._path.name}: llama.cpp failed ({status}){last_error()}")
