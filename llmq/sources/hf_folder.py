"""A Hugging Face folder as a source: its checkpoint laid against the architecture's rows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from llmq.architectures import architecture_for
from llmq.architectures.metadata import rows_as_metadata
from llmq.architectures.table import Architecture, Config, Sizes, TensorRow
from llmq.files.gguf import Metadata
from llmq.recipes.rules import Facts
from llmq.sources.checkpoint import Checkpoint, check_readable, open_checkpoint
from llmq.sources.experts import with_single_experts
from llmq.sources.matching import match_tensors
from llmq.sources.model_card import general_metadata
from llmq.sources.model_name import harmless_name
from llmq.sources.names import plain_names
from llmq.sources.source import Source
from llmq.sources.tensor import SourceTensor
from llmq.sources.turn_end import find_turn_end
from llmq.tokenizer.reading import read_tokenizer
from llmq.weights import ComputedWeights


def open_hf_folder(path: Path, *, pre: str | None = None) -> Source:
    """Open a folder with config.json, safetensors files and a tokenizer.

    `pre` overrides the name of the pre-tokenizer. Reads no weight, except to see that an output
    matrix repeats the embedding it is tied to. Raises a child of `LlmqError` for whatever does not
    fit.
    """
    checkpoint = open_checkpoint(path)
    architecture = architecture_for(checkpoint.config)
    settings = architecture.settings(checkpoint.config)
    checkpoint, renamings = plain_names(checkpoint, architecture)
    checkpoint = with_single_experts(checkpoint, architecture)
    rows, notes = match_tensors(checkpoint, architecture, settings)
    # Only now are the sizes known to be those of real tensors: no more than the files could hold.
    sizes = architecture.sizes(settings)
    tensors = (
        *_computed(architecture, settings),
        *(_stored(checkpoint, row, sizes) for row in rows),
    )
    tokenizer = read_tokenizer(
        checkpoint.path,
        settings,
        pre=pre,
        rules=architecture.tokenizer,
        find_turn_end=find_turn_end,
    )
    metadata, name_notes = harmless_name(
        _metadata(checkpoint, architecture, settings, tokenizer.metadata), checkpoint.path
    )
    return Source(
        path,
        checkpoint.name,
        metadata,
        _facts(architecture, sizes, tied=all(t.name != "output.weight" for t in tensors)),
        tensors,
        (*renamings, *notes, *_on_window(architecture, settings), *tokenizer.notes, *name_notes),
    )


def _computed(architecture: Architecture, settings: Config) -> Iterator[SourceTensor]:
    """The tensors that follow from the settings."""
    for name, compute in architecture.computed.items():
        values = compute(settings)
        if values is not None:
            yield SourceTensor(name, ComputedWeights(name, values))


def _stored(checkpoint: Checkpoint, row: TensorRow, sizes: Sizes) -> SourceTensor:
    """The tensor of one row."""
    found = [checkpoint.tensors[name] for name in row.sources(sizes)]
    for one in found:
        check_readable(one)
    weights, transform = row.looked_at(found, sizes), row.transform_for(sizes)
    return SourceTensor(row.target, weights, transform, called=row.source)


def _facts(architecture: Architecture, sizes: Sizes, *, tied: bool) -> Facts:
    return Facts(
        architecture=architecture.name,
        n_layer=sizes["layers"],
        n_head=sizes["heads"],
        n_head_kv=sizes.get("first_kv_heads", sizes["kv_heads"]),
        n_expert=sizes["experts"],
        tied=tied,
    )


def _metadata(
    checkpoint: Checkpoint, architecture: Architecture, settings: Config, tokenizer: Metadata
) -> Metadata:
    """All keys, in the order in which llama.cpp's converter writes them; a plan sets the zeros."""
    return {
        "general.architecture": architecture.name,
        **rows_as_metadata(architecture.name, architecture.early_metadata, settings),
        **general_metadata(checkpoint.path, n_parameters=checkpoint.n_parameters),
        **rows_as_metadata(architecture.name, architecture.metadata, settings),
        "general.file_type": np.uint32(0),
        **rows_as_metadata(architecture.name, architecture.late_metadata, settings),
        "general.quantization_version": np.uint32(0),
        **tokenizer,
    }


def _on_window(architecture: Architecture, settings: Config) -> list[str]:
    """What a window means that llama.cpp's graph does not apply."""
    window, context = architecture.window(settings), settings["max_position_embeddings"]
    if not isinstance(window, int) or window >= context:
        return []
    return [
        f"this model's attention reaches {window} tokens back, llama.cpp's to the first token:"
        f" texts longer than {window} tokens come out differently"
    ]
