"""Writing a GGUF file with other metadata: a new header, and the tensors' bytes as they are."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from llmq.errors import OutputError
from llmq.files.gguf import GgufFile, Metadata, open_gguf
from llmq.load_check import check_loads
from llmq.outputs import check_name
from llmq.publishing import unpublished

PIECE_BYTES = 1 << 22


def write_edited(
    file: GgufFile, metadata: Metadata, output: Path, *, force: bool, load_check: bool = True
) -> None:
    """Write a file of the tensors of `file` and other metadata; `output` may be the same file.

    Written under another name, read back, compared with the original, tried by llama.cpp and then
    renamed. Raises `OutputError`, and `ModelError` where llama.cpp refuses it.
    """
    check_name(output, force=force)
    header = file.header(metadata)
    try:
        with unpublished([output], force=force) as (partial,):
            with partial.open("xb") as target:
                target.write(header)
                for piece in _pieces(file.path, file.data_start):
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
            if _checksum(partial, len(header)) != _checksum(file.path, file.data_start):
                raise OutputError(
                    f"{output.parent}: the tensors read back differently; the disk is not reliable"
                )
            if open_gguf(partial).header(metadata) != header:
                raise OutputError(
                    f"{output.parent}: the header reads back differently; the disk is not reliable"
                )
            if load_check:
                check_loads(partial, name=str(output))
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror or error})") from None


def _pieces(path: Path, start: int) -> Iterator[bytes]:
    """The bytes of a file from `start`, a few at a time."""
    with path.open("rb") as stream:
        stream.seek(start)
        while piece := stream.read(PIECE_BYTES):
            yield piece


def _checksum(path: Path, start: int) -> int:
    checksum = 0
    for piece in _pieces(path, start):
        checksum = zlib.crc32(piece, checksum)
    return checksum
