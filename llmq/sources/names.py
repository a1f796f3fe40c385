"""The names of a checkpoint's tensors as the architecture's rows have them.

A model is saved by whoever trained it, and often with what was around it: the names then begin with
the name of a wrapper, or lack the `model.` of the class with an output matrix, or carry the marks
that torch.compile and FSDP put between them. What all tensors share in front of a name that is
known is such a wrapper's, whatever it is called. Text towers of models with more parts have names
of their own (`Architecture.renamed`).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from llmq.architectures.table import Architecture, Config
from llmq.errors import ArchitectureError, CheckpointError
from llmq.sources.checkpoint import INDEX_NAME, Checkpoint
from llmq.weights import Weights

# Parts of names that no model has, anywhere in a name, and who puts them there.
MARKS: Mapping[str, str] = {
    "_orig_mod.": "torch.compile",
    "_fsdp_wrapped_module.": "FSDP",
    "_checkpoint_wrapped_module.": "activation checkpointing",
}
INNER = "model."  # what a model with an output matrix calls the rest of itself


@dataclass(frozen=True)
class _Reading:
    """How the names of one checkpoint become those of the rows."""

    architecture: Architecture
    prefix: str = ""
    """What a wrapper put in front."""
    inner: str = ""
    """What is missing in front."""

    @cached_property
    def wanted(self) -> set[str]:
        """Names of the rows, of the first layer and expert."""
        return {re.sub(r"\{\w\}", "0", row.source) for row in self.architecture.tensors}

    def plain(self, name: str) -> str:
        """What the rows call it."""
        name = _unmarked(name).removeprefix(self.prefix)
        if name not in self.wanted:  # as the output matrix is, which lies beside the inner model
            name = self.inner + name
        for pattern, replacement in self.architecture.renamed:
            name = re.sub(pattern, replacement, name)
        return name


def plain_names(
    checkpoint: Checkpoint, architecture: Architecture
) -> tuple[Checkpoint, tuple[str, ...]]:
    """`checkpoint` with its tensors under the names that rows have; and what is said of it.

    Of tied matrices the one that is there stands for both. Raises a child of `LlmqError` where two
    tensors would have one name, where the index lists a tensor that is needed and no shard holds,
    and where the output matrix is missing.
    """
    settings = architecture.settings(checkpoint.config)
    reading = _reading(checkpoint.tensors, architecture)
    tensors: dict[str, Weights] = {}
    for name, tensor in checkpoint.tensors.items():
        plain = reading.plain(name)
        if plain in tensors:
            raise CheckpointError(
                f"{checkpoint.path}: {tensors[plain].name!r} and {name!r} are names of one tensor;"
                " remove the one not meant"
            )
        tensors[plain] = tensor
    tied, notes = _tied(architecture, settings), _on_reading(reading, checkpoint.tensors)
    for output, twin in tied.items():
        if twin not in tensors and output in tensors:
            tensors = {twin if name == output else name: t for name, t in tensors.items()}
            notes.append(f"{twin} is not there, and {output}, to which it is tied, stands for it")
    unheld = {reading.plain(name): shard for name, shard in checkpoint.unheld.items()}
    found = replace(checkpoint, tensors=tensors, unheld=unheld)
    _check_output(found, architecture, settings)
    return found, (*checkpoint.notes, *notes, *_on_unheld(found, architecture, tied))


def _reading(names: Collection[str], architecture: Architecture) -> _Reading:
    """The reading that makes some of the names known; the simplest where none does."""
    bare = [_unmarked(name) for name in names]
    prefix = ""
    while True:
        for inner in ("", INNER):
            reading = _Reading(architecture, prefix, inner)
            if not reading.wanted.isdisjoint(reading.plain(name) for name in bare):
                return reading
        heads = {"".join(name[len(prefix) :].partition(".")[:2]) for name in bare}
        if len(heads) != 1 or not (head := heads.pop()).endswith("."):
            return _Reading(architecture)
        prefix += head


def _unmarked(name: str) -> str:
    for mark in MARKS:
        name = name.replace(mark, "")
    return name


def _on_reading(reading: _Reading, names: Collection[str]) -> list[str]:
    """What is said of names that are not read as they are."""
    used = [mark for mark in MARKS if any(mark in name for name in names)]
    found = [f"the tensors' names are read without {m!r}, which {MARKS[m]} adds" for m in used]
    if reading.prefix:
        found.append(f"the tensors' names are read without {reading.prefix!r}, a wrapper's name")
    if reading.inner:
        found.append(f"the tensors' names are read with {reading.inner!r} in front")
    return found


def _tied(architecture: Architecture, settings: Config) -> Mapping[str, str]:
    """The tensors that repeat another in this model, with that other."""
    rows = [row for row in architecture.tensors if row.twin and not row.present(settings)]
    return {row.source: row.twin for row in rows if row.twin}


def _check_output(checkpoint: Checkpoint, architecture: Architecture, settings: Config) -> None:
    """Raise `ArchitectureError` where a model lacks its output matrix and nothing else."""
    if architecture.nested:  # where it is not clear yet whether that is one of its own
        return
    for row in architecture.tensors:
        missing = row.source not in checkpoint.tensors and row.twin in checkpoint.tensors
        if missing and row.present(settings):
            raise ArchitectureError(
                f"{checkpoint.path}: the output matrix {row.source!r} is missing, as where AutoModel saved"
                " the model; save it with AutoModelForCausalLM, or set tie_word_embeddings to true if it"
                " repeats the embedding"
            )


def _on_unheld(
    checkpoint: Checkpoint, architecture: Architecture, tied: Mapping[str, str]
) -> tuple[str, ...]:
    """What is said of tensors that the index lists and no shard holds; or an error."""
    notes = []
    for name, shard in checkpoint.unheld.items():
        if name in checkpoint.tensors:
            continue
        unread = any(re.fullmatch(pattern, name) for pattern in architecture.ignored)
        if not unread and tied.get(name) not in checkpoint.tensors:
            raise CheckpointError(
                f"{checkpoint.path / INDEX_NAME}: {shard} does not hold the tensor {name!r}; the two do not"
                " belong together"
            )
        notes.append(f"{INDEX_NAME} lists {name}, which no shard holds and nothing needs")
    return tuple(notes)
