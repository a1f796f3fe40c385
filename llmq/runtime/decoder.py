"""Tokens in, logits or further tokens out: llama.cpp's context of one opened file."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from llmq.errors import ModelError
from llmq.runtime.batches import cut
from llmq.runtime.binding import last_error, library
from llmq.runtime.reader import Opened
from llmq.runtime.sampling import Sampling, make_sampler
from llmq.runtime.snapshot import OPENING_TOKENS, Snapshot, has_states
from llmq.runtime.stopping import ABORTED, interruptible

BATCH_TOKENS = 256  # tokens per llama_decode: large enough for speed, small enough for Ctrl-C
OUTPUT_ROWS = 32  # rows of logits held at once: 32 x 151,936 floats are 19 MB

Logits = npt.NDArray[np.float32]  # (rows, n_vocab)


@dataclass(frozen=True)
class Handles(Opened):
    """Pointers to a context too, which is freed before its model.

    `n_ctx` tokens were asked for; llama.cpp rounds up what it takes, beyond what the model learned.
    `settings` are those that the context was made with.
    """

    context: Any
    settings: Any
    n_ctx: int
    batch: Any


class Decoder:
    """Reads tokens with the context in `opened()`, and remembers which it has read.

    `opened` raises ModelError once the model is closed: llama.cpp would take a freed pointer.
    """

    def __init__(self, path: Path, opened: Callable[[], Handles]) -> None:
        handles = opened()
        self.path = path
        self.n_ctx = handles.n_ctx
        self._opened = opened
        self._lib = library()
        self._n_vocab: int = self._lib.llama_vocab_n_tokens(handles.vocab)
        # At most BATCH_TOKENS, and fewer in a small context: with more, llama.cpp ends the process.
        self._n_batch: int = self._lib.llama_n_batch(handles.context)
        self.tokens_read = 0  # by llama.cpp since the file was opened
        self._read: list[int] = []  # the tokens whose keys and values llama.cpp holds
        # So many of them were read in batches of their own: the same bits, whatever followed.
        self._apart = 0
        self._has_states = has_states(handles.model)
        self._snapshot: Snapshot | None = None  # of some of them

    def score(self, tokens: Sequence[int], positions: Sequence[int]) -> Iterator[Logits]:
        """Yield the logits after `tokens[p]` for each p of the ascending `positions`.

        Each array is (rows, n_vocab) with at most OUTPUT_ROWS rows; row by row they belong to
        `positions` in order. The context starts empty: nothing is reused between calls.
        """
        for rows in self._scored(tokens, positions):
            yield np.stack(rows)

    def rows(self, tokens: Sequence[int], positions: Sequence[int]) -> Iterator[Logits]:
        """As `score`, row by row, (n_vocab,), and without a copy.

        A row is llama.cpp's own memory, and holds until the next one is asked for.
        """
        for rows in self._scored(tokens, positions):
            yield from rows

    def _scored(self, tokens: Sequence[int], positions: Sequence[int]) -> Iterator[list[Logits]]:
        """The rows of each batch."""
        self._check_room(len(tokens))
        self._forget(0)
        rows = {"most_tokens": self._n_batch, "most_rows": OUTPUT_ROWS}
        for batch in cut(len(tokens), positions, **rows):
            self._decode(tokens[batch.start : batch.stop], [p - batch.start for p in batch.outputs])
            if batch.wanted:
                yield [self._logits(p - batch.start) for p in batch.wanted]

    def generate(
        self,
        prompt: Sequence[int],
        *,
        max_tokens: int,
        sampling: Sampling,
        is_end: Callable[[int], bool],
    ) -> Iterator[int]:
        """Yield new tokens after `prompt`; see `Model.generate`."""
        self._check_room(len(prompt) + 1)
        if not prompt:
            raise ModelError(f"{self.path.name}: no token to continue; its chat template is empty")
        self._forget(common_prefix(self._read, prompt[:-1]))
        before = len(prompt) - OPENING_TOKENS
        if self._has_states and before > len(self._read):
            self._read_to(before, prompt)
            self._snapshot = Snapshot.take(self._opened().context, before)
        self._read_to(len(prompt), prompt)
        sampler = make_sampler(sampling, self._n_vocab)
        try:
            for _ in range(min(max_tokens, self.n_ctx - len(prompt))):
                # The largest of numbers that are none is none; a sampler would take any token.
                if not np.isfinite(self._logits(-1).max()):
                    raise no_number(self.path)
                token: int = self._lib.llama_sampler_sample(sampler, self._opened().context, -1)
                yield token
                if is_end(token):
                    return
                self._decode([token], [0])
        finally:
            self._lib.llama_sampler_free(sampler)

    def continuations(
        self, prompt: Sequence[int], continuations: Sequence[Sequence[int]], *, n_common: int = 0
    ) -> list[float]:
        """The sum of ln p over the tokens of each continuation; see `Model.continuations`."""
        self._check_room(len(prompt) + max(map(len, continuations), default=0))
        is_known = self._apart == n_common and self._read[:n_common] == list(prompt[:n_common])
        self._forget(n_common if is_known else 0)
        self._read_to(n_common, prompt)
        self._apart = n_common
        self._read_to(len(prompt), prompt)
        first = self._logits(-1).copy()
        if self._has_states:
            self._snapshot = Snapshot.take(self._opened().context, len(prompt))
        return [self._continued(prompt, first, tokens) for tokens in continuations]

    def _continued(
        self, prompt: Sequence[int], first: Logits, continuation: Sequence[int]
    ) -> float:
        self._forget(len(prompt))
        self._read_to(len(prompt), prompt)  # nothing, unless states could not go back
        total = log_p(first, continuation[0])
        most = min(self._n_batch, OUTPUT_ROWS)
        for start in range(0, len(continuation) - 1, most):
            part = continuation[start : start + most][: len(continuation) - 1 - start]
            self._decode(part, range(len(part)))
            following = continuation[start + 1 :]
            total += sum(log_p(self._logits(i), following[i]) for i in range(len(part)))
        if not math.isfinite(total):
            raise no_number(self.path)
        return total

    def _check_room(self, n_tokens: int) -> None:
        if n_tokens > self.n_ctx:
            raise ModelError(
                f"{self.path.name}: the text needs {n_tokens} tokens but the context holds "
                f"{self.n_ctx}; shorten it or open the model with a larger context"
            )

    def _read_to(self, end: int, prompt: Sequence[int]) -> None:
        while (start := len(self._read)) < end:
            part = prompt[start : min(end, start + self._n_batch)]
            with interruptible(self._opened().context):
                self._decode(part, [len(part) - 1])

    def _forget(self, keep: int) -> None:
        """Drop all but the first `keep` tokens from llama.cpp's cache; more where it must be."""
        context, read = self._opened().context, self._read
        memory = self._lib.llama_get_memory(context)
        self._read = []  # should what follows be interrupted
        if keep == 0 or not self._lib.llama_memory_seq_rm(memory, 0, keep, -1):
            snapshot = self._snapshot  # states cannot go back by themselves
            keep = snapshot.n_read if snapshot and snapshot.n_read <= keep else 0
            if not (snapshot and keep and snapshot.restore(context)):
                self._lib.llama_memory_clear(memory, True)
                keep = 0
        if self._snapshot and self._snapshot.n_read > keep:
            self._snapshot = None
        self._read = read[:keep]
        self._apart = self._apart if self._apart <= keep else 0

    def _decode(self, tokens: Sequence[int], outputs: Sequence[int]) -> None:
        """Read `tokens`, unless an interrupt comes first (`interruptible`)."""
        batch, n, n_read = self._opened().batch, len(tokens), len(self._read)
        wanted = set(outputs)
        # Number by number: in a reply each token is a batch, and NumPy's views would take longer.
        batch.n_tokens = n
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i], batch.logits[i] = token, n_read + i, i in wanted
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
        status = self._lib.llama_decode(self._opened().context, batch)
        if status == ABORTED:  # llama.cpp has taken back keys and values of this batch, no states
            last_error()
            if self._has_states:
                self._forget(0)
            return
        if status != 0:
            self._read.clear()
            self._snapshot = None
            raise ModelError(f"{self.path.name}: llama.cpp failed ({status}){last_error()}")
        self._read.extend(tokens)
        self.tokens_read += n

    def _logits(self, row: int) -> Logits:
        pointer = self._lib.llama_get_logits_ith(self._opened().context, row)
        return np.ctypeslib.as_array(pointer, (self._n_vocab,))


def no_number(path: Path) -> ModelError:
    """The error for a file whose logits are none."""
    return ModelError(f"{path} computes no number: the file is damaged; convert or fetch it again")


def log_p(logits: Logits, token: int) -> float:
    """ln p of a token, in nats.

    >>> round(log_p(np.log(np.float32([1, 3])), 1), 3)
    -0.288
    """
    shifted = logits.astype(np.float64) - logits.max()
    return float(shifted[token] - np.log(np.exp(shifted).sum()))


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))
