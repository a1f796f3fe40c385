"""A Hugging Face folder as a source: its checkpoint laid against the architecture's rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from llmq import records
from llmq.architectures import architecture_for
from llmq.architectures.metadata import rows_as_metadata
from llmq.architectures.table import Architecture, Config, Sizes, TensorRow
from llmq.errors import CheckpointError
from llmq.files.gguf import Metadata
from llmq.files.json import read_json_object
from llmq.recipes.rules import Facts
from llmq.sources.adapters.adapter import Adapter, is_adapter
from llmq.sources.adapters.merging import merged, tokenizer_folder
from llmq.sources.adapters.settings import read_settings
from llmq.sources.checkpoint import Checkpoint, check_readable, open_checkpoint
from llmq.sources.counts import counted
from llmq.sources.experts import with_single_experts
from llmq.sources.low_bit import codes_of, decoded
from llmq.sources.matching import match_tensors
from llmq.sources.model_card import general_metadata
from llmq.sources.model_name import harmless_name
from llmq.sources.names import plain_names
from llmq.sources.origin import of_adapters, of_origin
from llmq.sources.settings import model_settings
from llmq.sources.source import Source
from llmq.sources.tensor import SourceTensor
from llmq.sources.turn_end import find_turn_end
from llmq.tokenizer.reading import read_tokenizer
from llmq.weights import ComputedWeights


def open_hf_folder(
    path: Path, *, pre: str | None = None, adapters: Sequence[Adapter] = ()
) -> Source:
    """Open a folder with config.json, safetensors files and a tokenizer.

    `pre` overrides the name of the pre-tokenizer, `adapters` are merged in. Reads no weight, except
    to see that an output matrix repeats the embedding it is tied to. Raises a child of `LlmqError`
    for whatever does not fit.
    """
    found = open_checkpoint(path)
    architecture = architecture_for(found.config)
    checkpoint, schemes, remarks = _read(found, architecture, adapters)
    settings = model_settings(checkpoint, architecture)
    rows, notes = match_tensors(checkpoint, architecture, settings)
    # Only now are the sizes known to be those of real tensors: no more than the files could hold.
    sizes = architecture.sizes(settings)
    stored = (_stored(checkpoint, row, sizes) for row in rows)
    tensors = (*_computed(architecture, settings), *stored)
    folder = tokenizer_folder(checkpoint, adapters)
    tokenizer = read_tokenizer(
        folder,
        settings,
        model=checkpoint.path,
        pre=pre,
        rules=architecture.tokenizer,
        find_turn_end=find_turn_end,
    )
    counts = counted((tensor.name, tensor.shape) for tensor in tensors)
    general, odd = general_metadata(checkpoint.path, counts=counts)
    metadata = _metadata(architecture, settings, general | of_origin(path), tokenizer.metadata)
    metadata, name_notes = harmless_name(metadata | of_adapters(adapters), folder)
    said = [*_on_window(architecture, settings), *_on_settings(architecture, settings)]
    return Source(
        path,
        adapters[-1].name if adapters else checkpoint.name,
        metadata | records.of_schemes(schemes),
        _facts(architecture, sizes, tied=all(t.name != "output.weight" for t in tensors)),
        tensors,
        (*remarks, *notes, *said, *tokenizer.notes, *odd, *name_notes),
        tokenizer_path=folder,
        codes=codes_of(tensor.weights for tensor in tensors),
    )


def _read(
    checkpoint: Checkpoint, architecture: Architecture, adapters: Sequence[Adapter]
) -> tuple[Checkpoint, tuple[str, ...], tuple[str, ...]]:
    """The checkpoint by the family's names, in weights, with adapters; its schemes, and notes."""
    checkpoint, renamings = plain_names(checkpoint, architecture)
    checkpoint, low_bit, schemes = decoded(checkpoint)
    checkpoint = with_single_experts(checkpoint, architecture)
    checkpoint, merging = merged(checkpoint, architecture, adapters)
    return checkpoint, schemes, (*renamings, *low_bit, *merging)


def check_settings(folder: Path, *, pre: str | None = None) -> None:
    """Raise what a folder's settings or its tokenizer would, before its weights are there."""
    if is_adapter(folder):
        read_settings(folder)
        return
    config = read_json_object(folder / "config.json", CheckpointError)
    architecture = architecture_for(config)
    read_tokenizer(folder, architecture.settings(config), pre=pre, rules=architecture.tokenizer)


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
    window, context = architecture.window(settings), settings.get("max_position_embeddings")
    if not isinstance(window, int) or not isinstance(context, int) or window >= context:
        return []
    return [
        f"this model's attention reaches {window} tokens back, llama.cpp's to the first token:"
        f" texts longer than {window} tokens come out differently"
    ]


def _on_settings(architecture: Architecture, settings: Config) -> list[str]:
    """What the family has to say of these settings."""
    found = (remark(settings) for remark in architecture.remarks)
    return [text for text in found if text]
