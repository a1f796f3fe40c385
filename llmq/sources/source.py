"""What a source is: a model as a value, before anybody says how it shall be stored.

A source knows its metadata, the facts that recipes ask about, and its tensors in the order of the
output. All of it is known from headers; weights are read chunk by chunk, later.

`llmq.sources.opening` makes a source of a path; each kind of source is a file of this folder.
"""

from dataclasses import dataclass
from pathlib import Path

from llmq import defaults
from llmq.files.gguf import Metadata
from llmq.recipes.rules import Facts
from llmq.recipes.table import RECIPES
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

    codes: str | None = None
    """The block format in which a checkpoint was published, if its codes lie on the grid of one."""

    @property
    def usual_recipe(self) -> str:
        """The recipe where none is named: the one that keeps codes which are there."""
        keeping = (recipe.name for recipe in RECIPES.values() if recipe.base == self.codes)
        return next(keeping, defaults.RECIPE)

    @property
    def is_quantized(self) -> bool:
        """Whether a GGUF file has fewer than 16 bits already: what that lost stays lost."""
        blocks = (tensor.weights.dtype for tensor in self.tensors if self.codes is None)
        return any(dtype in FORMATS and FORMATS[dtype].block > 1 for dtype in blocks)
