"""Planning: a checkpoint's tensors meet the architecture's rows and the recipe's rules.

The plan that results (`llmq.plan`) fixes every name, shape, format, byte count and offset. Whatever can be
wrong with names, shapes, types or settings is an error here, before one weight is read.
"""

import numpy as np
from numpy.typing import NDArray

from llmq.architectures import architecture_for
from llmq.architectures.matching import match_tensors, rows_as_metadata
from llmq.architectures.table import Architecture, Config, TensorRow, required_int
from llmq.files.gguf import Metadata, padded
from llmq.files.safetensors import TensorRef
from llmq.importance import Importance
from llmq.notes import on_fallbacks, on_importance, on_window
from llmq.plan import Plan, PlannedTensor, encoder_of
from llmq.recipes.choose import UNNAMED, Shapes, formats_for
from llmq.recipes.overrides import Overrides
from llmq.recipes.rules import Model
from llmq.recipes.table import DEFAULT_RECIPE, Recipe, recipe_named
from llmq.sources.checkpoint import Checkpoint
from llmq.sources.model_card import general_metadata
from llmq.tokenizer import read_tokenizer
from llmq_kernels import Encoder

QUANTIZATION_VERSION = 2  # GGML_QNT_VERSION
DEFAULT_ENCODER = Encoder.SEARCH  # kernels/README.md tells why


def make_plan(
    checkpoint: Checkpoint,
    *,
    recipe: str = DEFAULT_RECIPE,
    overrides: Overrides = UNNAMED,
    importance: Importance | None = None,
    encoder: Encoder = DEFAULT_ENCODER,
    pre: str | None = None,
) -> Plan:
    """Plan the conversion of `checkpoint` with the recipe of this name.

    `overrides` are formats that go before the recipe's, `encoder` is how blocks are encoded, and `pre`
    overrides the name of the pre-tokenizer. Raises a child of `LlmqError` for whatever does not fit;
    reads no weight, except to see that an output matrix repeats the embedding it is tied to.
    """
    chosen = recipe_named(recipe)
    architecture = architecture_for(checkpoint.config)
    settings = architecture.settings(checkpoint.config)
    rows, notes = match_tensors(checkpoint, architecture, settings)
    sources = {row.target: _source(checkpoint, row, architecture, settings) for row in rows}
    shapes = {name: source.shape for name, source in sources.items()}
    if importance is not None:
        importance.check(checkpoint.name, shapes)
    model = _model(architecture, settings, shapes, importance)
    choices = formats_for(chosen, shapes, model, overrides)
    tensors: list[PlannedTensor] = []
    for row in rows:
        used, source = choices[row.target].format, sources[row.target]
        offset = padded(tensors[-1].offset + tensors[-1].n_bytes) if tensors else 0
        transform = row.transform_for(architecture.sizes(settings))
        weighted = importance.row(row.target) if importance and used.block > 1 else None
        tensors.append(
            PlannedTensor(
                row.target,
                source.shape,
                source,
                transform,
                used,
                offset,
                weighted,
                used.encoder_for(encoder),
            )
        )
    metadata = _metadata(checkpoint, architecture, settings, chosen, pre)
    metadata |= _provenance(importance, encoder_of(tensors))
    notes += on_fallbacks(chosen, shapes, model, overrides)
    notes += on_importance(importance, choices) + on_window(architecture, settings)
    return Plan(checkpoint.name, chosen, metadata, tuple(tensors), tuple(notes), importance)


def _model(
    architecture: Architecture, settings: Config, shapes: Shapes, importance: Importance | None
) -> Model:
    """What the recipe's rules ask about the model."""
    heads = required_int(settings, "num_attention_heads")
    return Model(
        architecture=architecture.name,
        n_layer=required_int(settings, "num_hidden_layers"),
        n_head=heads,
        n_head_kv=required_int(settings, "num_key_value_heads", heads),
        tied="output.weight" not in shapes,
        has_importance=importance is not None,
    )


def _source(
    checkpoint: Checkpoint, row: TensorRow, architecture: Architecture, settings: Config
) -> TensorRef | NDArray[np.float32]:
    """Where the weights of a row come from."""
    if not row.source:
        values = architecture.computed[row.target](settings)
        assert values is not None
        return values
    tensor = checkpoint.tensors[row.source]
    tensor.readable()
    return tensor


def _metadata(
    checkpoint: Checkpoint,
    architecture: Architecture,
    settings: Config,
    recipe: Recipe,
    pre: str | None,
) -> Metadata:
    """All keys of the file, in the order in which llama.cpp's converter writes them."""
    return {
        "general.architecture": architecture.name,
        **general_metadata(checkpoint.path, n_parameters=checkpoint.n_parameters),
        **rows_as_metadata(architecture.name, architecture.metadata, settings),
        "general.file_type": np.uint32(recipe.file_type),
        **rows_as_metadata(architecture.name, architecture.late_metadata, settings),
        "general.quantization_version": np.uint32(QUANTIZATION_VERSION),
        **read_tokenizer(checkpoint.path, settings, pre=pre, rules=architecture.tokenizer),
    }


def _provenance(importance: Importance | None, encoder: Encoder | None) -> Metadata:
    """The keys that say how the weights were quantized; llama.cpp passes over the last."""
    return {
        **(importance.metadata if importance else {}),
        **({"llmq.encoder": encoder.value} if encoder else {}),
    }
