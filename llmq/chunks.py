"""A chunk of a tensor's rows on its way: read, checked, transformed, encoded, written.

A chunk knows where its weights lie in the checkpoint and where its bytes belong in the output, so
chunks can be done in any order by any process, and the bytes are the same: blocks never cross rows, and
a chunk holds whole rows.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.errors import WeightError
from llmq.files.safetensors import TensorRef
from llmq.plan import PlannedTensor


@dataclass(frozen=True)
class Chunk:
    """Rows `start` to `stop` of a tensor; `position` is where their bytes belong in the file."""

    tensor: PlannedTensor
    start: int
    stop: int
    position: int

    @property
    def n_bytes(self) -> int:
        """Bytes of the encoded rows."""
        return (self.stop - self.start) * self.tensor.row_bytes


def write_chunk(chunk: Chunk, path: Path) -> int:
    """Read, transform, encode and write the rows of one chunk; the checksum of their bytes."""
    tensor = chunk.tensor
    rows = _read(chunk)
    _check_finite(chunk, rows)
    if tensor.transform is not None:
        grouped = rows.reshape(-1, 1) if len(tensor.shape) == 1 else rows
        rows = tensor.transform(grouped).reshape(rows.shape)
    blocks = tensor.format.encode(rows, tensor.importance, encoder=tensor.encoder)
    bad = tensor.format.overflowed(blocks, rows)
    if bad is not None:
        row, block = divmod(bad, blocks.shape[1])
        first = block * tensor.format.block
        largest = np.abs(rows[row, first : first + tensor.format.block]).max()
        raise WeightError(
            f"{tensor.name}: row {chunk.start + row}, columns from {first}: a weight of {largest:g} is"
            f" beyond what {tensor.format.name} can hold; choose BF16 or F32"
        )
    data = memoryview(blocks.data).cast("B")
    with path.open("r+b", buffering=0) as file:
        file.seek(chunk.position)
        done = 0
        while done < len(data):
            done += file.write(data[done:])
    return zlib.crc32(data)


def _read(chunk: Chunk) -> NDArray[np.float32]:
    source = chunk.tensor.source
    if isinstance(source, TensorRef):
        return source.read(chunk.start, chunk.stop)
    return source.reshape(chunk.tensor.n_rows, -1)[chunk.start : chunk.stop]


def _check_finite(chunk: Chunk, rows: NDArray[np.float32]) -> None:
    finite = np.isfinite(rows)
    if finite.all():
        return
    row, column = np.unravel_index(int(finite.argmin()), rows.shape)
    source = chunk.tensor.source
    name = source.name if isinstance(source, TensorRef) else chunk.tensor.name
    shape = chunk.tensor.shape
    index = np.unravel_index((chunk.start + int(row)) * rows.shape[1] + int(column), shape)
    place = ", ".join(str(int(number)) for number in index)
    raise WeightError(
        f"{name}: the weight at [{place}] is {rows[row, column]}; the checkpoint is damaged or diverged"
    )


def file_checksum(path: Path, position: int, n_bytes: int) -> int:
    """The checksum of `n_bytes` of a file from `position`."""
    with path.open("rb", buffering=0) as file:
        file.seek(position)
        return zlib.crc32(file.read(n_bytes))
