"""What a source is: a model as a value, before anybody says how it shall be stored.

A source knows its metadata, the facts that recipes ask about, and its tensors in the order of the
output. All of it is known from headers; weights are read chunk by chunk, later.

`llmq.sources.opening` makes a source of a path; each kind of source is a file of this folder.
"""

from dataclasses import dataclass
from pathlib import Path

from llmq.files.gguf import Metadata
from llmq.recipes.rules import Facts
from llmq.sources.tensor import SourceTensor
from llmq_kernels import FORMATS


@dataclass(frozen=True)
class Source:
    """A model that can be converted."""

    path: Path
    name: str
    """For the name of the output file."""
    metadata: Metadata
    """All keys, in the order of the output; a plan replaces those that speak of formats."""
    facts: Facts
    tensors: tuple[SourceTensor, ...]
    notes: tuple[str, ...] = ()
    """What is worth saying whatever the recipe."""
    tokenizer_path: Path | None = None
    """The folder of its tokenizer, of a checkpoint."""

    @property
    def is_quantized(self) -> bool:
        """Whether some of it has fewer than 16 bits already: what that lost stays lost."""
        return any(
            t.weights.dtype in FORMATS and FORMATS[t.weights.dtype].block > 1 for t in self.tensors
        )
