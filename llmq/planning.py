"""Planning: a source's tensors meet a recipe's rules.

The plan that results (`llmq.plan`) fixes every name, shape, format, byte count and offset. Whatever
can be wrong with names, shapes, types or settings is an error here or where the source is opened,
before one weight is encoded.
"""

import numpy as np

from llmq import defaults, records
from llmq.encoding import STORED, encoding_for
from llmq.errors import RecipeError
from llmq.files.gguf import Metadata, padded
from llmq.importance import Importance
from llmq.notes import on_codes, on_fallbacks, on_importance
from llmq.plan import Plan, encoder_of
from llmq.planned_tensor import PlannedTensor
from llmq.quality import Quality, quality_named
from llmq.recipes.choose import UNNAMED, Choice, formats_for
from llmq.recipes.overrides import Overrides
from llmq.recipes.table import Recipe, recipe_named
from llmq.sources.source import Source
from llmq.spelling import did_you_mean
from llmq.tensor_hashes import of_tensors
from llmq_kernels import FORMATS, Encoder

QUANTIZATION_VERSION = 2  # GGML_QNT_VERSION


def make_plan(
    source: Source,
    *,
    recipe: str | None = None,
    overrides: Overrides = UNNAMED,
    importance: Importance | None = None,
    quality: str = defaults.QUALITY,
    encoder: Encoder | None = None,
) -> Plan:
    """Plan the conversion of `source` with the recipe of this name, or its usual one.

    `overrides` are formats that override the recipe's, `encoder` is how blocks are encoded, if not
    as `quality` has it; with `importance`, fast means good. Raises a child of `LlmqError` for
    whatever does not fit; reads no weight.

        >>> from llmq import make_plan, open_source
        >>> plan = make_plan(open_source("eval/tutor"), recipe="Q4_0")
        >>> plan.name, plan.n_weights, round(plan.bits_per_weight, 2)
        ('tutor', 5180672, 4.7)
    """
    chosen = recipe_named(recipe or source.usual_recipe)
    dial = quality_named(quality).guided_by(importance)
    encoder = _encoder(chosen, encoder, dial)
    shapes = {tensor.name: tensor.shape for tensor in source.tensors}
    if importance is not None:
        importance.check(source.name, shapes)
    kept = {tensor.name: tensor.kept_as for tensor in source.tensors}

    def choose(some: Recipe, named: Overrides) -> dict[str, Choice]:
        found = formats_for(some, shapes, source.facts, named, guided=dial.importance, kept=kept)
        return found | _carried_over(source, some, named)

    choices = choose(chosen, overrides)
    weighted = importance.rows if importance else {}
    tensors: list[PlannedTensor] = []
    for tensor in source.tensors:
        wanted, rows = choices[tensor.name].format, weighted.get(tensor.name)
        encoding = encoding_for(tensor, wanted, encoder or dial.encoder(wanted.name), rows)
        tensors.append(PlannedTensor(tensor, encoding, _end(tensors)))
    metadata = {
        **{key: value for key, value in source.metadata.items() if not records.is_record(key)},
        "general.quantization_version": np.uint32(QUANTIZATION_VERSION),
        "general.file_type": np.uint32(chosen.file_type),
        **(importance.metadata if importance else {}),
        **_records(source, encoder_of(tensors), dial),
        **of_tensors([tensor.format.name for tensor in tensors]),
    }
    notes = (*source.notes, *on_codes(tensors, source), *on_importance(importance, choices))
    size_notes = tuple(on_fallbacks(choices, shapes, chosen, overrides, choose))
    return Plan(source, chosen, metadata, tuple(tensors), notes, size_notes, importance, dial)


def _end(tensors: list[PlannedTensor]) -> int:
    """Where the next tensor begins."""
    return padded(tensors[-1].offset + tensors[-1].n_bytes) if tensors else 0


def _carried_over(source: Source, recipe: Recipe, named: Overrides) -> dict[str, Choice]:
    """The tensors that keep the codes they were published in, whatever the recipe's mix is."""
    if recipe.base != source.codes:
        return {}
    kept = Choice(FORMATS[recipe.base], FORMATS[recipe.base])
    return {
        tensor.name: kept
        for tensor in source.tensors
        if tensor.keeps(recipe.base) and named.format_for(tensor.name) is None
    }


def _records(source: Source, encoder: str | None, quality: Quality) -> Metadata:
    """What the file says of its making; where all blocks were stored, that is the source's."""
    if encoder == STORED:
        found = {key: value for key, value in source.metadata.items() if records.is_record(key)}
        return {records.ENCODER: STORED} | found  # the hashes are planned anew
    return {records.ENCODER: str(encoder), records.QUALITY: quality.name} if encoder else {}


def _encoder(recipe: Recipe, asked: Encoder | None, quality: Quality) -> Encoder | None:
    """The encoder of all tensors, where the recipe or somebody names one.

    Raises RecipeError where the recipe's own is not the one asked for.
    """
    if asked is not None:
        _check_encoder(asked)
    if recipe.encoder is None:
        return asked
    if quality.refine:
        raise RecipeError(
            f"{recipe.name}: its scales are those that other runtimes can hold, and the quality"
            f" {quality.name} would choose others; take fast or good"
        )
    if asked not in (None, recipe.encoder):
        raise RecipeError(
            f"{recipe.name}: its codes are chosen by the encoder {recipe.encoder}, not {asked}; leave out"
            " the encoder"
        )
    return recipe.encoder


def _check_encoder(name: str) -> None:
    """Raise RecipeError for a name that is no encoder's: a name alone will do, as in "ggml"."""
    known = [str(encoder) for encoder in Encoder]
    if name not in known:
        hint = did_you_mean(name, known, otherwise=f"known are {', '.join(known)}")
        raise RecipeError(f"there is no encoder {name!r}; {hint}")
