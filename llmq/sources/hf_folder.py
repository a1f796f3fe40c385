"""A Hugging Face folder as a source: its checkpoint laid against the architecture's rows."""

from pathlib import Path

import numpy as np

from llmq.architectures import architecture_for
from llmq.architectures.metadata import rows_as_metadata
from llmq.architectures.table import Architecture, Config, TensorRow, required_int
from llmq.files.gguf import Metadata
from llmq.recipes.rules import Facts
from llmq.recipes.table import RECIPES
from llmq.sources.checkpoint import Checkpoint, open_checkpoint
from llmq.sources.matching import match_tensors
from llmq.sources.model_card import general_metadata
from llmq.sources.source import ComputedWeights, Source, SourceTensor
from llmq.tokenizer import read_tokenizer


def open_hf_folder(path: Path, *, pre: str | None = None) -> Source:
    """Open a folder with config.json, safetensors files and a tokenizer.

    `pre` overrides the name of the pre-tokenizer. Reads no weight, except to see that an output
    matrix repeats the embedding it is tied to. Raises a child of `LlmqError` for whatever does not
    fit.
    """
    checkpoint = open_checkpoint(path)
    architecture = architecture_for(checkpoint.config)
    settings = architecture.settings(checkpoint.config)
    rows, notes = match_tensors(checkpoint, architecture, settings)
    tensors = tuple(_tensor(checkpoint, row, architecture, settings) for row in rows)
    return Source(
        path,
        checkpoint.name,
        _metadata(checkpoint, architecture, settings, pre),
        _facts(architecture, settings, tied=all(t.name != "output.weight" for t in tensors)),
        tensors,
        (*notes, *_on_window(architecture, settings)),
    )


def _tensor(
    checkpoint: Checkpoint, row: TensorRow, architecture: Architecture, settings: Config
) -> SourceTensor:
    """The tensor of one row; one that lies in no file has no name there."""
    if not row.source:
        values = architecture.computed[row.target](settings)
        assert values is not None, "matching gives rows for what can be computed"
        return SourceTensor(row.target, ComputedWeights(row.target, values))
    weights = checkpoint.tensors[row.source]
    weights.readable()
    return SourceTensor(row.target, weights, row.transform_for(architecture.sizes(settings)))


def _facts(architecture: Architecture, settings: Config, *, tied: bool) -> Facts:
    heads = required_int(settings, "num_attention_heads")
    layers = required_int(settings, "num_hidden_layers")
    return Facts(
        architecture=architecture.name,
        n_layer=layers,
        n_head=heads,
        n_head_kv=required_int(settings, "num_key_value_heads", heads),
        tied=tied,
    )


def _metadata(
    checkpoint: Checkpoint, architecture: Architecture, settings: Config, pre: str | None
) -> Metadata:
    """All keys, in the order in which llama.cpp's converter writes them."""
    stored = next(iter(checkpoint.tensors.values())).dtype
    return {
        "general.architecture": architecture.name,
        **general_metadata(checkpoint.path, n_parameters=checkpoint.n_parameters),
        **rows_as_metadata(architecture.name, architecture.metadata, settings),
        "general.file_type": np.uint32(RECIPES[stored].file_type),
        **rows_as_metadata(architecture.name, architecture.late_metadata, settings),
        "general.quantization_version": np.uint32(0),  # not quantized
        **read_tokenizer(checkpoint.path, settings, pre=pre, rules=architecture.tokenizer),
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
