"""The base's logits, computed once and kept: a file that is measured later costs only itself.

They are kept as they are, in float32, so that nothing follows from whether they were computed now
or earlier. A vocabulary of 49,152 tokens takes 2.4 GB for 12,000 scored tokens.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from llmq.runtime import Model
from llmq.runtime.decoder import OUTPUT_ROWS, Logits
from scripts.measuring.keeping import kept_array


class KeptLogits:
    """A model whose scores are looked up in a folder before they are computed."""

    def __init__(self, model: Model, folder: Path) -> None:
        self.path, self.n_vocab = model.path, model.n_vocab
        self._model, self._folder = model, folder

    def rows(self, tokens: Sequence[int], positions: Sequence[int]) -> Iterator[Logits]:
        """As `Model.rows`."""
        asked = repr((list(tokens), list(positions))).encode()
        file = self._folder / f"{hashlib.sha256(asked).hexdigest()}.npy"
        rows = kept_array(file, lambda: np.concatenate(list(self._model.score(tokens, positions))))
        for start in range(0, len(rows), OUTPUT_ROWS):
            yield from np.array(rows[start : start + OUTPUT_ROWS])  # read from the disk once
