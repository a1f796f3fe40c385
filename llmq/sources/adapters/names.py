"""Which tensor of a checkpoint is meant by a name in an adapter.

An adapter has the names of the modules that were trained, a checkpoint its own: with the prefix of
a text tower or without it, as the model was saved. What lies behind the prefixes is the same.
"""

import re
from collections import Counter
from collections.abc import Iterable

from llmq.architectures.table import Architecture

PREFIXES = re.compile(r"(?:(?:base_model|model|language_model|text_model)\.)+")


class Names:
    """The names of a checkpoint's tensors, found by those of an adapter."""

    def __init__(self, known: Iterable[str], architecture: Architecture) -> None:
        self._known = set(known)
        self._renamed = architecture.renamed
        ends = (row.source for row in architecture.tensors if "{" not in row.source)
        stems = {name: _stem(name) for name in (*self._known, *ends)}
        times = Counter(stems.values())
        self._by_stem = {stem: name for name, stem in stems.items() if times[stem] == 1}

    def find(self, name: str) -> str | None:
        """The checkpoint's name, which the tensor may have even where it is not there; or None."""
        if name in self._known:
            return name
        plain = name
        for pattern, replacement in self._renamed:
            plain = re.sub(pattern, replacement, plain)
        return plain if plain in self._known else self._by_stem.get(_stem(name))


def _stem(name: str) -> str:
    return PREFIXES.sub("", name, count=1) if PREFIXES.match(name) else name
