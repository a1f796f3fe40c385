"""Putting one `Weights` in the place of the parts that each matrix consists of; and what to say."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from llmq.errors import CheckpointError, one_line
from llmq.files.safetensors import READERS, TensorRef
from llmq.sources.checkpoint import Checkpoint
from llmq.sources.low_bit import gptq
from llmq.sources.low_bit.blocks import CodedWeights
from llmq.sources.low_bit.lattice import FORMAT, SCHEME, on_grid
from llmq.sources.low_bit.parts import Parts, Settings, whole
from llmq.sources.low_bit.table import OTHERS, PASSED_OVER, SCHEMES, Scheme
from llmq.spelling import counted
from llmq.weights import Weights
from llmq_kernels import FORMATS

CONFIG_KEYS = ("quantization_config", "quantization", "compression_config")
TRANSFORMS = "transform_config"

Found = list[tuple[str, str]]
"""The scheme of each matrix, and the format of its blocks, if it has some."""


class Decoded(NamedTuple):
    """A checkpoint with plain matrices, notes on what they were, and the names of the schemes."""

    checkpoint: Checkpoint
    notes: tuple[str, ...]
    schemes: tuple[str, ...]


def decoded(checkpoint: Checkpoint) -> Decoded:
    """The checkpoint with its matrices under their plain names, and notes on what they were.

    Raises `CheckpointError` for a scheme that cannot be read, and for parts that do not fit each
    other.
    """
    settings = settings_of(checkpoint.config)
    _refuse_others(checkpoint, settings)
    tensors: dict[str, Weights] = {}
    taken: set[str] = set()
    found: Found = []
    for name, tensor in checkpoint.tensors.items():
        scheme = scheme_of(name, tensor, checkpoint.tensors, settings)
        if scheme is None:
            continue
        module = name.removesuffix(scheme.ending)
        parts = _parts(module, scheme, checkpoint.tensors, settings)
        _check_sizes(parts, scheme)
        weights = scheme.make(parts)
        tensors[parts.name] = weights
        taken.update(module + ending for ending in parts.tensors)
        found.append((scheme.name, weights.dtype if isinstance(weights, CodedWeights) else ""))
    _refuse_the_rest(checkpoint, taken, settings)
    if not found:
        return _plain(checkpoint, settings)
    rest = [name for name in checkpoint.tensors if name not in taken]
    dropped = [name for name in rest if name.endswith(PASSED_OVER)]
    empty = [name for name in rest if _adds_nothing(name, checkpoint.tensors)]
    left_out = {*dropped, *empty}
    kept = {name: checkpoint.tensors[name] for name in rest if name not in left_out}
    _check_fresh(checkpoint, tensors, kept)
    schemes = tuple(dict.fromkeys(scheme for scheme, _ in found))
    plain = replace(checkpoint, tensors=kept | tensors)
    return Decoded(plain, tuple(_notes(found, dropped, empty)), schemes)


def _adds_nothing(name: str, tensors: Mapping[str, Weights]) -> bool:
    """Whether this is the bias of zeros that AutoGPTQ gave to every matrix without one."""
    module, bias = name.removesuffix(gptq.BIAS), tensors[name]
    if not name.endswith(gptq.BIAS) or module + gptq.CODES not in tensors:
        return False
    return isinstance(bias, TensorRef) and bias.dtype in READERS and not whole(bias).any()


def _plain(checkpoint: Checkpoint, settings: Settings) -> Decoded:
    """What a checkpoint is that holds nothing but plain weights."""
    notes, gridded = _on_nothing(settings), on_grid(checkpoint.tensors)
    if not gridded:
        return Decoded(checkpoint, tuple(notes), ())
    notes.append(
        f"{len(gridded)} matrices lie on the grid of {FORMAT}, as far as a few rows of each tell: the model"
        " was trained for it"
    )
    tensors = {**checkpoint.tensors, **gridded}
    return Decoded(replace(checkpoint, tensors=tensors), tuple(notes), (SCHEME,))


def codes_of(tensors: Iterable[Weights]) -> str | None:
    """The block format that most of the coded matrices are in; None where none is coded."""
    dtypes = (weights.dtype for weights in tensors)
    found = Counter(dtype for dtype in dtypes if dtype in FORMATS and FORMATS[dtype].block > 1)
    return found.most_common(1)[0][0] if found else None


def settings_of(config: Mapping[str, Any]) -> Settings:
    """What config.json says of its quantization; a model of several parts may say it inside."""
    inner = config.get("text_config")
    for where in (config, inner if isinstance(inner, Mapping) else {}):
        for key in CONFIG_KEYS:
            if isinstance(where.get(key), Mapping):
                return dict(where[key])
    return {}


def scheme_of(
    name: str, tensor: Weights, tensors: Mapping[str, Weights], settings: Settings
) -> Scheme | None:
    """The scheme of which this tensor is the telling part."""
    for scheme in SCHEMES:
        if not name.endswith(scheme.ending) or tensor.dtype not in scheme.types:
            continue
        if scheme.method not in (None, settings.get("quant_method")):
            continue
        module = name.removesuffix(scheme.ending)
        beside = ((tensors.get(module + end), kinds) for end, kinds in scheme.beside.items())
        if all(part is not None and (not kinds or part.dtype in kinds) for part, kinds in beside):
            return scheme
    return None


def _parts(
    module: str, scheme: Scheme, tensors: Mapping[str, Weights], settings: Settings
) -> Parts:
    """The parts of the matrix of this module."""
    found = {
        ending: part
        for ending in scheme.endings
        if isinstance(part := tensors.get(module + ending), TensorRef)
    }
    return Parts(module + scheme.target, scheme.name, found, settings)


def _check_sizes(parts: Parts, scheme: Scheme) -> None:
    """Raise `CheckpointError` for parts without numbers, and for scales of what is no matrix."""
    empty = next((end for end, part in parts.tensors.items() if 0 in part.shape), None)
    if empty is not None:
        raise parts.error(f"has a part {empty!r} without numbers; fetch the checkpoint again")
    shape = parts[scheme.ending].shape
    if scheme.beside and len(shape) < 2:
        raise parts.error(f"has codes of the shape {list(shape)}, and a matrix has two sizes")


def _refuse_others(checkpoint: Checkpoint, settings: Settings) -> None:
    """Raise `CheckpointError` for what is known by name and cannot be read."""
    for name in checkpoint.tensors:
        known = next((other for ending, other in OTHERS.items() if name.endswith(ending)), None)
        if known is not None:
            raise CheckpointError(
                f"{checkpoint.path}: the tensor {name!r} is {known}'s, which cannot be read; convert the"
                " original model, or one in GPTQ, AWQ, FP8 or compressed-tensors"
            )
    if settings.get(TRANSFORMS):
        raise CheckpointError(
            f"{checkpoint.path}: config.json has a {TRANSFORMS}, by which activations are turned while the"
            " model computes; llama.cpp does not do that: convert the original model"
        )


def _refuse_the_rest(checkpoint: Checkpoint, taken: set[str], settings: Settings) -> None:
    """Raise `CheckpointError` for a matrix that no scheme knows, by the method's name."""
    for name, tensor in checkpoint.tensors.items():
        known = name in taken or tensor.dtype in READERS or name.endswith(PASSED_OVER)
        if settings and not known and len(tensor.shape) > 1:
            method = one_line(str(settings.get("quant_method", "no method that it names")), 40)
            raise CheckpointError(
                f"{checkpoint.path}: the tensor {name!r} is {tensor.dtype}, quantized by {method} in a way that"
                " cannot be read; convert the original model, or one in GPTQ, AWQ, FP8 or compressed-tensors"
            )


def _check_fresh(
    checkpoint: Checkpoint, tensors: Mapping[str, Weights], kept: Mapping[str, Weights]
) -> None:
    """Raise `CheckpointError` where a matrix is there twice, quantized and plain."""
    twice = next((name for name in tensors if name in kept), None)
    if twice is not None:
        raise CheckpointError(
            f"{checkpoint.path}: {twice!r} is there as plain weights and as codes; remove one of the two"
        )


def _on_nothing(settings: Settings) -> list[str]:
    """What there is to say where all weights are plain."""
    if not settings:
        return []
    method = one_line(str(settings.get("quant_method", "no method named")), 40)
    return [
        f"config.json speaks of quantization ({method}), but the weights are plain: it is passed over"
    ]


def _notes(found: Found, dropped: list[str], empty: list[str]) -> Iterator[str]:
    """What was found, in numbers."""
    for (scheme, kept_as), count in Counter(found).items():
        what = f"{count} matrices are {scheme}" if count > 1 else f"one matrix is {scheme}"
        if kept_as:
            yield f"{what}: their codes lie on the grid of {kept_as}"
        else:
            yield f"{what}: decoded on the way in; what that lost stays lost"
    for names, reason in (
        (dropped, "how activations are rounded, which llama.cpp does in its own way"),
        (empty, "biases that are all zeros"),
    ):
        if names:
            rest = " and so on" * (len(names) > 1)
            yield f"left out, {counted(len(names), 'tensor')} ({names[0]}{rest}): {reason}"
