"""A Hugging Face folder as a source: its checkpoint laid against the architecture's rows."""

from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np

from llmq import records
from llmq.architectures import architecture_for
from llmq.architectures.metadata import rows_as_metadata
from llmq.architectures.table import Architecture, Config, Sizes, TensorRow
from llmq.files.gguf import Metadata
from llmq.recipes.rules import Facts
from llmq.sources.checkpoint import Checkpoint, check_readable, open_checkpoint
from llmq.sources.experts import with_single_experts
from llmq.sources.low_bit import codes_of, decoded
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
    checkpoint, low_bit, schemes = decoded(checkpoint)
    checkpoint = with_single_experts(checkpoint, architecture)
    settings = _tied_as_stored(checkpoint, architecture, settings)
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
    n_parameters = sum(prod(tensor.shape) for tensor in tensors)
    general, odd = general_metadata(checkpoint.path, n_parameters=n_parameters)
    metadata, name_notes = harmless_name(
        _metadata(architecture, settings, general, tokenizer.metadata), checkpoint.path
    )
    return Source(
        path,
        checkpoint.name,
        metadata | records.of_schemes(schemes),
        _facts(architecture, sizes, tied=all(t.name != "output.weight" for t in tensors)),
        tensors,
        (
            *renamings,
            *low_bit,
            *notes,
            *_on_window(architecture, settings),
            *tokenizer.notes,
            *odd,
            *name_notes,
        ),
        codes=codes_of(tensor.weights for tensor in tensors),
    )


def _tied_as_stored(checkpoint: Checkpoint, architecture: Architecture, settings: Config) -> Config:
    """The settings; in a model of several parts it may be unclear whether the output is tied.

    transformers 5 asks the settings of the whole, its predecessors those of the text part, and all
    of them look at what is stored (`tie_weights` in modeling_utils.py).
    """
    if architecture.nested is None:
        return settings
    field = "tie_word_embeddings"
    said = {checkpoint.config.get(field), checkpoint.config[architecture.nested].get(field)}
    stored = "lm_head.weight" in checkpoint.tensors
    tied = True in said and False not in said if stored else said != {False}
    return {**settings, field: tied}


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
    architecture: Architecture, settings: Config, general: Metadata, tokenizer: Metadata
) -> Metadata:
    """All keys, in the order in which llama.cpp's converter writes them; a plan sets the zeros."""
    return {
        "general.architecture": architecture.name,
        **rows_as_metadata(architecture.name, architecture.early_metadata, settings),
        **general,
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
