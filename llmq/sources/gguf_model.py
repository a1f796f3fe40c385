"""A GGUF file, whole or split, as a source.

Tensors and metadata keep their names and values, and a tensor that no recipe touches keeps its
type. Keys that describe the source's file alone are left out: its parts and its alignment. The
result is what llama-quantize makes of the same file
(`llama_model_quantize_impl`).

A split model is opened by its first part, as in llama.cpp (`llama_model_loader`): the parts lie in
one folder, their names end in -00001-of-00003.gguf, and their metadata repeat these numbers.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.errors import ArchitectureError, GgufError
from llmq.files.gguf import ALIGNMENT, GgufFile, Metadata, open_gguf
from llmq.files.parts import PART, parts_of
from llmq.files.spans import read_span
from llmq.recipes.decoders import OTHERS
from llmq.recipes.rules import Facts
from llmq.recipes.table import RECIPES
from llmq.sources.source import Source
from llmq.sources.tensor import SourceTensor
from llmq.weights import Rows
from llmq_kernels import FORMATS
from llmq_kernels.format import Format

PART_KEYS = ("split.no", "split.count", "split.tensors.count")


@dataclass(frozen=True)
class GgufTensor:
    """One tensor of a GGUF file; `offset` counts in bytes from the start of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    offset: int

    @property
    def format(self) -> Format:
        """The format of its blocks."""
        return FORMATS[self.dtype]

    def raw(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes of rows `start` to `stop`, as they are stored."""
        row_bytes = self.format.nbytes(self.shape[-1:])
        position, n_bytes = self.offset + start * row_bytes, (stop - start) * row_bytes
        return read_span(self.file, position, n_bytes, of=self.name, error=GgufError)

    def read(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop` as float32 of shape (stop - start, shape[-1])."""
        blocks = self.raw(start, stop).view(self.format.layout)
        return self.format.decode(blocks.reshape(stop - start, -1))


def open_gguf_model(path: Path, *, allow_requantize: bool = False) -> Source:
    """Open a GGUF file, or the first part of a split one; only headers are read.

    Raises `GgufError` for a file that is damaged, incomplete or no model, for a tensor of a type
    that is not known and, unless `allow_requantize`, for one of fewer than 16 bits;
    `ArchitectureError` for a model that is no decoder.
    """
    files = _parts(open_gguf(path))
    metadata = files[0].metadata
    architecture = _architecture(path, metadata)
    tensors = _tensors(files)
    lossy = [tensor for tensor in tensors if tensor.format.block > 1]
    if lossy and not allow_requantize:
        first = lossy[0]
        raise GgufError(
            f"{path}: {len(lossy)} matrices have fewer than 16 bits ({first.name!r} is {first.dtype}), and"
            " what that lost stays lost; convert the original model, or add --allow-requantize"
        )
    return Source(
        path,
        _model_name(path),
        _kept(metadata),
        _facts(path, metadata, architecture, tied=all(t.name != "output.weight" for t in tensors)),
        tuple(SourceTensor(tensor.name, tensor, kept_as=tensor.dtype) for tensor in tensors),
        _on_requantizing(lossy, len(tensors)),
    )


def _kept(metadata: Metadata) -> Metadata:
    """What holds for the output too: all but the keys that describe the source's file alone."""
    dropped = set(PART_KEYS)
    if metadata.get("general.alignment") != ALIGNMENT:  # the output's, whatever the source's
        dropped.add("general.alignment")
    return {key: value for key, value in metadata.items() if key not in dropped}


def _parts(first: GgufFile) -> list[GgufFile]:
    """All parts of the model of which `first` is the first or the only one."""
    number, count, n_tensors = (_number(first.path, first.metadata, key, 0) for key in PART_KEYS)
    if count < 2:
        return [first]
    match = PART.fullmatch(first.path.name)
    if match is None or (int(match["number"]), int(match["count"])) != (number + 1, count):
        raise GgufError(
            f"{first.path}: is part {number + 1} of {count}, and its name does not end with"
            f" -{number + 1:05}-of-{count:05}.gguf; give it the name that it had"
        )
    names = parts_of(first.path)
    if number:
        raise GgufError(
            f"{first.path}: is part {number + 1} of {count}; name the first, {names[0]}"
        )
    files = [first, *(_part(path, index, count) for index, path in enumerate(names[1:], 1))]
    found = sum(len(file.tensors) for file in files)
    if found != n_tensors:
        raise GgufError(
            f"{first.path}: its {count} parts hold {found} tensors instead of {n_tensors}; fetch them again"
        )
    return files


def _part(path: Path, index: int, count: int) -> GgufFile:
    """The part with this index of so many."""
    if not path.exists():
        raise GgufError(f"{path}: part {index + 1} of {count} is missing; fetch it again")
    file = open_gguf(path)
    said = [_number(path, file.metadata, key, count) for key in PART_KEYS[:2]]
    if said != [index, count]:
        raise GgufError(
            f"{path}: says that it is part {said[0] + 1} of {said[1]}, not {index + 1} of {count};"
            " the files do not belong together"
        )
    return file


def _architecture(path: Path, metadata: Metadata) -> str:
    """The name of the architecture, which must be a decoder's, as far as is known."""
    kind = metadata.get("general.type", "model")
    if kind != "model":
        raise GgufError(f"{path}: says that it is of the type {kind!r:.40}, not a model")
    name = metadata.get("general.architecture")
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,60}", name):
        raise GgufError(
            f"{path}: the key general.architecture is missing or no name; a model has one"
        )
    if name in OTHERS:
        raise ArchitectureError(
            f"{path}: {name} is {OTHERS[name]}, and only decoders of text can be converted"
        )
    return name


def _tensors(files: list[GgufFile]) -> list[GgufTensor]:
    """The tensors of all parts, in order."""
    tensors = [
        GgufTensor(info.name, info.type_name, info.shape, file.path, info.offset)
        for file in files
        for info in file.tensors
    ]
    if not tensors:
        raise GgufError(f"{files[0].path}: holds no tensors")
    for tensor in tensors:
        if tensor.dtype not in FORMATS:
            raise GgufError(
                f"{tensor.file}: the tensor {tensor.name!r} is {tensor.dtype}, and only {', '.join(FORMATS)}"
                " can be read"
            )
        if 0 in tensor.shape:
            raise GgufError(
                f"{tensor.file}: the tensor {tensor.name!r} has the shape {list(tensor.shape)} and no weights"
            )
    name, times = Counter(tensor.name for tensor in tensors).most_common(1)[0]
    if times > 1:
        raise GgufError(f"{files[0].path}: the tensor {name!r} is in {times} of its parts")
    return tensors


def _facts(path: Path, metadata: Metadata, architecture: str, *, tied: bool) -> Facts:
    """What recipes ask, from the keys of `llama_model_base::load_hparams`."""

    def number(key: str, default: int | None = None) -> int:
        return _number(path, metadata, f"{architecture}.{key}", default)

    heads = number("attention.head_count", 0)  # of models without attention
    return Facts(
        architecture=architecture,
        n_layer=number("block_count"),
        n_head=heads,
        n_head_kv=number("attention.head_count_kv", heads),
        n_expert=number("expert_count", 0),
        tied=tied,
    )


def _number(path: Path, metadata: Metadata, key: str, default: int | None = None) -> int:
    """The number of this key, of an array (one for each layer) the first."""
    value = metadata.get(key, None if default is None else np.int64(default))
    if isinstance(value, np.ndarray) and len(value):
        value = value[0]
    if not isinstance(value, np.integer) or value < 0:
        raise GgufError(f"{path}: the key {key} is missing or no number from 0")
    return int(value)


def _model_name(path: Path) -> str:
    """The file's name without its number among several, and without that of its recipe."""
    match = PART.fullmatch(path.name)
    stem = match["name"] if match else path.stem
    return re.sub(rf"(?<=.)[-._]({'|'.join(RECIPES)})$", "", stem, flags=re.IGNORECASE)


def _on_requantizing(lossy: list[GgufTensor], n_tensors: int) -> tuple[str, ...]:
    """What it costs to start from blocks."""
    if not lossy:
        return ()
    types = Counter(tensor.dtype for tensor in lossy)
    listed = ", ".join(f"{count} in {dtype}" for dtype, count in types.items())
    return (
        f"of {n_tensors} tensors {len(lossy)} come with fewer than 16 bits ({listed}): what that lost stays"
        " lost, and another format may lose more; llmq drift ORIGINAL.gguf OUTPUT.gguf tells how much in all",
    )
