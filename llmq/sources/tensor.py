"""One tensor of a source: the part of it that travels to the worker that has one of its chunks.

It knows its name in GGUF, where its weights lie and what has to happen to their rows on the way. It
is small; whoever reads the weights opens the file by itself.
"""

from dataclasses import dataclass
from math import prod

from llmq.architectures.table import Transform
from llmq.weights import Weights


@dataclass(frozen=True)
class SourceTensor:
    """One tensor of a source: its name in GGUF, its weights, and how their rows change."""

    name: str
    weights: Weights
    transform: Transform | None = None
    kept_as: str = "F32"
    """Its format where a recipe leaves it alone, as norms."""
    called: str = ""
    """What its model's class calls it, whatever the checkpoint does."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major; a transform keeps it."""
        return self.weights.shape

    def keeps(self, name: str) -> bool:
        """Whether its rows are in the format of this name, and at most put into another order."""
        still = self.transform is None or self.transform.moves_rows
        return still and self.weights.dtype == name

    @property
    def n_rows(self) -> int:
        """Rows of `shape[-1]` weights."""
        return prod(self.shape[:-1])

    @property
    def unit(self) -> int:
        """How many rows must stay together on their way."""
        return self.transform.unit if self.transform and len(self.shape) > 1 else 1

    @property
    def rows_per_matrix(self) -> int:
        """Rows of one matrix; a tensor of three dimensions holds one for each expert."""
        return self.n_rows if len(self.shape) < 3 else self.shape[-2]
