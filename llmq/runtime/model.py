"""One opened GGUF file: its tokens, its scores, its next tokens."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from llmq.runtime.binding import library
from llmq.runtime.decoder import Decoder, Handles, Logits
from llmq.runtime.how import CHAT, How
from llmq.runtime.reader import Reader
from llmq.runtime.sampling import GREEDY, Sampling
from llmq.runtime.together import Told, Writer, write_together


class Model(Reader):
    """A GGUF file opened by llama.cpp (see `open_model`). Use it in a `with`, or `close` it.

    `how` is how it is computed with, `remark` a line about why that is not what was asked for.
    """

    def __init__(
        self,
        path: Path,
        handles: Handles,
        *,
        how: How = CHAT,
        remark: str = "",
        fixed_date: bool = False,
    ) -> None:
        super().__init__(path, handles, fixed_date=fixed_date)
        self.n_ctx = handles.n_ctx
        self.how = how
        self.remark = remark

        def still_open() -> Handles:
            self._still_open()
            return handles

        self._handles = still_open
        self._decoder = Decoder(path, still_open)

    @property
    def n_weights(self) -> int:
        """How many numbers the model was trained for."""
        return int(library().llama_model_n_params(self._handles().model))

    @property
    def threads(self) -> int:
        """The threads that compute."""
        return int(library().llama_n_threads(self._handles().context))

    def use_threads(self, number: int) -> None:
        """Compute with so many from now on."""
        library().llama_set_n_threads(self._handles().context, number, number)

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

    def rows(self, tokens: Sequence[int], positions: Sequence[int]) -> Iterator[Logits]:
        """As `score`, row by row, (n_vocab,); each holds until the next one is asked for."""
        return self._decoder.rows(tokens, positions)

    def logits(self, tokens: Sequence[int]) -> Logits:
        """The logits after every token, (len(tokens), n_vocab) at once: for short texts."""
        return np.concatenate(list(self.score(tokens, range(len(tokens)))))

    def generate(
        self,
        prompt: Sequence[int],
        *,
        max_tokens: int,
        sampling: Sampling = GREEDY,
        beyond_ends: bool = False,
    ) -> Iterator[int]:
        """Yield new tokens after `prompt`; one for which `is_end` holds is the last.

        Without such a token, or `beyond_ends`, it ends after `max_tokens`, or when the context is
        full. The part of the prompt that the previous call already read is not computed again.
        Raises ModelError where a damaged file gives no numbers.
        """
        is_end = (lambda _: False) if beyond_ends else self.is_end
        return self._decoder.generate(
            prompt, max_tokens=max_tokens, sampling=sampling, is_end=is_end
        )

    def write_together(self, writers: Sequence[Writer[Told]], *, room: int) -> list[Told]:
        """What all `writers` return, several of them writing at once; see `together`.

        `room` is the number of tokens that the longest of their texts takes with its prompt.
        """
        return write_together(self.path, self._handles(), writers, room=room)

    def continuations(
        self, prompt: Sequence[int], continuations: Sequence[Sequence[int]], *, n_common: int = 0
    ) -> list[float]:
        """The sum of ln p (nats) over the tokens of each continuation, were it to follow `prompt`.

        The prompt is read once for all, and its first `n_common` tokens, fewer than it has, once
        for all calls that begin with the same. The figures do not depend on earlier calls. Raises
        ModelError where a damaged file gives no numbers.
        """
        return self._decoder.continuations(prompt, continuations, n_common=n_common)
