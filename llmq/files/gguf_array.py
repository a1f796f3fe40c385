"""One array out of a GGUF header, found without keeping anything else of it.

llama.cpp tells the values of a file's keys, but not the arrays. A header with a large vocabulary
has half a million strings, which `open_gguf` reads one by one; here they are passed over.
"""

import mmap
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.errors import GgufError
from llmq.files.gguf import ARRAY_ID, BOOL_ID, SCALAR_DTYPES, STRING_ID

WIDTHS = {number: dtype.itemsize for number, dtype in SCALAR_DTYPES.items()} | {BOOL_ID: 1}
U32, U64 = struct.Struct("<I"), struct.Struct("<Q")


def read_integers(path: Path, key: str) -> NDArray[np.integer] | None:
    """The array of integers under `key`, or None where the header has no such array.

    Raises GgufError for a header that ends too early; it is otherwise not checked, since llama.cpp
    has read the file before.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _find(data, key.encode())
    except (OSError, ValueError, OverflowError, LookupError, struct.error) as error:
        raise GgufError(f"{path}: its header cannot be read to the end; fetch it again") from error


def _find(data: mmap.mmap, key: bytes) -> NDArray[np.integer] | None:
    (n_values,) = U64.unpack_from(data, 16)
    at = 24
    for _ in range(n_values):
        start, at = at + 8, _after_string(data, at)
        (kind,) = U32.unpack_from(data, at)
        if data[start:at] == key and kind == ARRAY_ID:
            return _integers(data, at + 4)
        at = _after_value(data, at + 4, kind)
    return None


def _after_string(data: mmap.mmap, at: int) -> int:
    return int(U64.unpack_from(data, at)[0]) + at + 8


def _after_value(data: mmap.mmap, at: int, kind: int) -> int:
    if kind == STRING_ID:
        return _after_string(data, at)
    if kind != ARRAY_ID:
        return at + WIDTHS[kind]
    (element,), (count,) = U32.unpack_from(data, at), U64.unpack_from(data, at + 4)
    at += 12
    if element != STRING_ID:
        return at + int(count) * WIDTHS[element]
    length = U64.unpack_from
    for _ in range(count):
        at += length(data, at)[0] + 8
    return at


def _integers(data: mmap.mmap, at: int) -> NDArray[np.integer] | None:
    (element,), (count,) = U32.unpack_from(data, at), U64.unpack_from(data, at + 4)
    dtype = SCALAR_DTYPES.get(element)
    if dtype is None or dtype.kind not in "iu":
        return None
    return np.frombuffer(data[at + 12 : at + 12 + count * dtype.itemsize], dtype, count)
