"""A chunk of a tensor's rows on its way: encoded and written.

A chunk knows where its weights lie in the source and where its bytes belong in the output, so
chunks can be done in any order by any process, and the bytes are the same: blocks never cross rows,
and a chunk holds whole rows.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmq.planned_tensor import PlannedTensor


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
    """Encode the rows of one chunk and write them; the checksum of their bytes."""
    tensor = chunk.tensor
    blocks = tensor.encoding.blocks(tensor.source, chunk.start, chunk.stop)
    data = memoryview(blocks.data).cast("B")
    with path.open("r+b", buffering=0) as file:
        file.seek(chunk.position)
        done = 0
        while done < len(data):
            done += file.write(data[done:])
    return zlib.crc32(data)


def read_back(path: Path, position: int, sizes: Sequence[int]) -> tuple[list[int], str]:
    """The checksum of each of the pieces from `position` on, and the SHA-256 of them all."""
    digest, checksums = hashlib.sha256(), []
    with path.open("rb", buffering=0) as file:
        file.seek(position)
        for size in sizes:
            data = file.read(size)
            digest.update(data)
            checksums.append(zlib.crc32(data))
    return checksums, digest.hexdigest()
