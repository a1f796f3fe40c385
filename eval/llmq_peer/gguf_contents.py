"""A GGUF file taken apart, to be changed and written again: for files that are wrong on purpose."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.files.gguf import Metadata, encode_header, open_gguf, padded
from llmq.tensor_hashes import of_tensors
from llmq_kernels import FORMATS
from llmq_kernels.format import Format

Blocks = NDArray[Any]


@dataclass(frozen=True)
class Held:
    """A tensor: its row-major shape, and its blocks (n_rows, blocks of a row), which can be set."""

    shape: tuple[int, ...]
    format: Format
    blocks: Blocks

    def copy(self) -> "Held":
        """The same blocks, elsewhere."""
        return replace(self, blocks=self.blocks.copy())


@dataclass(frozen=True)
class Contents:
    """All of a file."""

    metadata: Metadata
    tensors: dict[str, Held]

    def write(self, path: Path, *, hashed: bool = True) -> Path:
        """Write the file; `hashed`: with the hashes of these tensors, as if they were right."""
        data = [tensor.blocks.tobytes() for tensor in self.tensors.values()]
        metadata = dict(self.metadata)
        if hashed:
            types = [tensor.format.name for tensor in self.tensors.values()]
            metadata |= of_tensors(types, [hashlib.sha256(each).hexdigest() for each in data])
        records, offset = [], 0
        for (name, tensor), each in zip(self.tensors.items(), data, strict=True):
            records.append((name, tensor.shape, tensor.format.ggml_type, offset))
            offset += padded(len(each))
        padding = (each.ljust(padded(len(each)), b"\0") for each in data)
        path.write_bytes(encode_header(metadata, records) + b"".join(padding))
        return path


def contents_of(path: Path) -> Contents:
    """A file of one part and of the usual alignment, all of it in memory."""
    file, data, tensors = open_gguf(path), path.read_bytes(), {}
    for tensor in file.tensors:
        form = FORMATS[tensor.type_name]
        raw = np.frombuffer(data, form.layout, tensor.n_bytes // form.block_bytes, tensor.offset)
        rows = raw.reshape(-1, tensor.shape[-1] // form.block).copy()
        tensors[tensor.name] = Held(tensor.shape, form, rows)
    return Contents(dict(file.metadata), tensors)
