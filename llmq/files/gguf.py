"""GGUF files: the header as bytes, and a strict, bounded reader.

A GGUF file is a header (magic, version, two counts, metadata, one record per tensor), padding to
the alignment, then the tensors' bytes, each padded to the alignment. Everything is little endian.
The format is described in ggml's docs/gguf.md; the value types are `gguf_type` in ggml's gguf.h.

In memory the Python or NumPy type of a metadata value *is* its GGUF type: `str`, `bool`, NumPy
scalars and one-dimensional NumPy arrays, `list[str]`, `list[bool]`.

The reader believes nothing: every count and length is held against the bytes that are left before
anything is allocated, so a hostile file costs no more than its own size.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from llmq.errors import GgufError
from llmq.files.plain import check_plain
from llmq.files.stand_ins import LOOKED_AT, check_no_stand_in

MetaValue = str | bool | np.generic | NDArray[Any] | list[str] | list[bool]
Metadata = dict[str, MetaValue]

MAGIC = b"GGUF"
VERSION = 3
ALIGNMENT = 32
ALIGNMENTS = [1 << exponent for exponent in range(3, 13)]
MAX_DIMENSIONS = 4  # GGML_MAX_DIMS
MAX_NAME_BYTES = 63  # GGML_MAX_NAME, less the end
MAX_HEADER_BYTES = 1 << 30

# The ids of gguf_type, by NumPy dtype; strings, booleans and arrays have no dtype of their own.
SCALAR_IDS: Mapping[str, int] = {
    "uint8": 0, "int8": 1, "uint16": 2, "int16": 3, "uint32": 4, "int32": 5,
    "float32": 6, "uint64": 10, "int64": 11, "float64": 12,
}  # fmt: skip
SCALAR_DTYPES = {number: np.dtype(name).newbyteorder("<") for name, number in SCALAR_IDS.items()}
BOOL_ID, STRING_ID, ARRAY_ID = 7, 8, 9


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a GGUF file: `shape` is row-major (the last number is the row length)."""

    name: str
    shape: tuple[int, ...]
    type_name: str
    offset: int
    n_bytes: int
    ggml_type: int


@dataclass(frozen=True)
class GgufFile:
    """The header of a GGUF file; `tensors[i].offset` counts from the start of the file."""

    path: Path
    metadata: Metadata
    tensors: tuple[TensorInfo, ...]
    n_bytes: int

    @property
    def data_start(self) -> int:
        """Where the tensors' bytes begin."""
        return self.tensors[0].offset if self.tensors else self.n_bytes

    def header(self, metadata: Metadata) -> bytes:
        """The header of a file with these tensors and other metadata, of the same alignment."""
        records = [(t.name, t.shape, t.ggml_type, t.offset - self.data_start) for t in self.tensors]
        alignment = int(metadata.get("general.alignment", ALIGNMENT))  # type: ignore[arg-type]  # read so
        return encode_header(metadata, records, alignment=alignment)


def padded(size: int, alignment: int = ALIGNMENT) -> int:
    """`size` rounded up to the alignment."""
    return -(-size // alignment) * alignment


def encode_header(
    metadata: Metadata,
    tensors: Sequence[tuple[str, tuple[int, ...], int, int]],
    *,
    alignment: int = ALIGNMENT,
) -> bytes:
    """The header, padded; a tensor is (name, row-major shape, ggml type, offset in the data)."""
    parts = [MAGIC, struct.pack("<IQQ", VERSION, len(tensors), len(metadata))]
    for key, value in metadata.items():
        parts += [_string(key), _value(value)]
    for name, shape, ggml_type, offset in tensors:
        parts.append(_string(name))
        parts.append(struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape)))
        parts.append(struct.pack("<IQ", ggml_type, offset))
    header = b"".join(parts)
    return header.ljust(padded(len(header), alignment), b"\0")


def _string(text: str) -> bytes:
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(value: MetaValue) -> bytes:
    """A value with its type id in front."""
    if isinstance(value, str):
        return struct.pack("<I", STRING_ID) + _string(value)
    if isinstance(value, bool):
        return struct.pack("<I?", BOOL_ID, value)
    if isinstance(value, np.ndarray):
        data = value.astype(value.dtype.newbyteorder("<")).tobytes()
        return struct.pack("<IIQ", ARRAY_ID, SCALAR_IDS[value.dtype.name], len(value)) + data
    if isinstance(value, np.generic):
        return struct.pack("<I", SCALAR_IDS[value.dtype.name]) + value.tobytes()
    element = BOOL_ID if value and isinstance(value[0], bool) else STRING_ID
    head = struct.pack("<IIQ", ARRAY_ID, element, len(value))
    items = [_string(item) if isinstance(item, str) else struct.pack("<?", item) for item in value]
    return head + b"".join(items)


def open_gguf(path: str | Path) -> GgufFile:
    """Read and check the header of a GGUF file; raises `GgufError` for anything that does not fit.

    >>> import tempfile
    >>> from llmq import convert, open_gguf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = open_gguf(convert("eval/tutor", f"{folder}/tutor.gguf", recipe="Q8_0"))
    >>> file.metadata["general.architecture"], file.tensors[0].name, file.tensors[0].type_name
    ('llama', 'token_embd.weight', 'Q8_0')
    """
    path = Path(path)
    check_plain(path, GgufError)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _Reader(path, file, size).read()
    except OSError as error:
        raise GgufError(f"{path}: cannot be read ({error.strerror}); check the path") from None


class _Reader:
    """Reads a header front to back; `left` is what the file still holds."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self.path, self.file, self.size, self.left = path, file, size, size

    def read(self) -> GgufFile:
        magic = self.file.read(4)
        if magic != MAGIC:
            check_no_stand_in(self.path, magic + self.file.read(LOOKED_AT), GgufError)
            self.fail(f"it starts with {magic!r} instead of {MAGIC!r}, so it is not a GGUF file")
        self.left -= 4
        version, n_tensors, n_values = self.unpack("<IQQ")
        if version and not version & 0xFFFF:
            self.fail("it is of big-endian order", "convert the model to the little-endian one")
        if version not in (2, VERSION):
            self.fail(f"GGUF version {version} is not known, only 2 and {VERSION}")
        # The shortest tensor record has 24 bytes (8 name, 4 count, 4 type, 8 offset), a value 13.
        if n_tensors * 24 + n_values * 13 > self.left:
            self.fail(f"{n_tensors} tensors and {n_values} values do not fit {self.size} bytes")
        metadata: Metadata = {}
        for _ in range(n_values):
            key = self.string()
            if key in metadata:
                self.fail(f"the key {key!r:.80} stands twice")
            metadata[key] = self.value()
        records = [self.tensor() for _ in range(n_tensors)]
        return GgufFile(self.path, metadata, self.place(metadata, records), self.size)

    def fail(self, what: str, remedy: str = "fetch or convert it again") -> NoReturn:
        raise GgufError(f"{self.path}: {what}; {remedy}")

    def take(self, count: int) -> bytes:
        """The next `count` bytes, known to exist before they are read."""
        if count > self.left or self.size - self.left + count > MAX_HEADER_BYTES:
            self.fail(
                f"the header wants {count} more bytes where {self.left} are left of {self.size}"
            )
        self.left -= count
        data = self.file.read(count)
        if len(data) != count:
            self.fail(f"it ended {count - len(data)} bytes early while being read")
        return data

    def unpack(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def string(self) -> str:
        (length,) = self.unpack("<Q")
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            self.fail("a text in the header is not UTF-8")

    def value(self) -> MetaValue:
        (kind,) = self.unpack("<I")
        if kind != ARRAY_ID:
            return self.scalar(kind)
        element, length = self.unpack("<IQ")
        if element in SCALAR_DTYPES:
            dtype = SCALAR_DTYPES[element]
            return np.frombuffer(self.take(length * dtype.itemsize), dtype)
        if element not in (STRING_ID, BOOL_ID):
            self.fail(f"an array of value type {element} is not known")
        if length * (8 if element == STRING_ID else 1) > self.left:
            self.fail(f"an array of {length} values does not fit the {self.left} bytes left")
        return [self.scalar(element) for _ in range(length)]  # type: ignore[return-value]  # one kind of element, seen above

    def scalar(self, kind: int) -> MetaValue:
        if kind == STRING_ID:
            return self.string()
        if kind == BOOL_ID:
            return bool(self.take(1)[0])
        if kind not in SCALAR_DTYPES:
            self.fail(f"the value type {kind} is not known")
        dtype = SCALAR_DTYPES[kind]
        value: np.generic = np.frombuffer(self.take(dtype.itemsize), dtype)[0]
        return value

    def tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self.string()
        if len(name.encode()) > MAX_NAME_BYTES:
            self.fail(f"a tensor's name, {name!r:.40}..., is longer than {MAX_NAME_BYTES} bytes")
        (n_dimensions,) = self.unpack("<I")
        if not 1 <= n_dimensions <= MAX_DIMENSIONS:
            self.fail(
                f"the tensor {name!r} has {n_dimensions} dimensions, not 1 to {MAX_DIMENSIONS}"
            )
        shape = self.unpack(f"<{n_dimensions}Q")[::-1]
        ggml_type, offset = self.unpack("<IQ")
        return name, shape, ggml_type, offset

    def place(
        self, metadata: Metadata, records: list[tuple[str, tuple[int, ...], int, int]]
    ) -> tuple[TensorInfo, ...]:
        """Check that the tensors lie one after the other, aligned, inside the file."""
        found = metadata.get("general.alignment", np.uint32(ALIGNMENT))
        if not isinstance(found, np.uint32) or int(found) not in ALIGNMENTS:
            self.fail(f"the alignment {found!s:.40} is not a power of two from 8 to 4096")
        alignment = int(found)
        start = -(-(self.size - self.left) // alignment) * alignment
        tensors, expected = [], 0
        if len({record[0] for record in records}) != len(records):
            self.fail("two tensors have the same name")
        for name, shape, ggml_type, offset in records:
            type_name, n_bytes = self.sized(name, shape, ggml_type)
            if offset != expected:
                self.fail(f"the tensor {name!r} starts at {offset} where {expected} was expected")
            if start + offset + n_bytes > self.size:
                end = start + offset + n_bytes
                self.fail(f"it is cut short: the tensor {name!r} ends at byte {end} of {self.size}")
            tensors.append(TensorInfo(name, shape, type_name, start + offset, n_bytes, ggml_type))
            expected = -(-(offset + n_bytes) // alignment) * alignment
        return tuple(tensors)

    def sized(self, name: str, shape: tuple[int, ...], ggml_type: int) -> tuple[str, int]:
        """The name of a tensor's type and its size in bytes."""
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

        try:
            kind = GGMLQuantizationType(ggml_type)
        except ValueError:
            remedy = "it is damaged, or newer than the gguf package that is installed"
            self.fail(f"the tensor {name!r} has the unknown type {ggml_type}", remedy)
        block, block_bytes = GGML_QUANT_SIZES[kind]
        if shape[-1] % block:
            self.fail(f"the tensor {name!r} has rows of {shape[-1]}, not a multiple of {block}")
        return kind.name, prod(shape) // block * block_bytes
