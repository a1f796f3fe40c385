"""The files of llama-imatrix: GGUF, and the legacy format before it (.dat).

A GGUF file holds for each matrix sums of squares, `NAME.in_sum2` (n_matrices, n_cols), and how many
they are, `NAME.counts` (n_matrices, 1). The legacy format is a count of entries (all numbers
little-endian int32), then for each the length of a name, the name, a number of calls, a number of
values and the values, averages times calls; then, where it goes on, the number of chunks and the
dataset's name.

What becomes of them is what llama-quantize makes of them (`load_imatrix` in its quantize.cpp and
`common_imatrix_load` in imatrix-loader.cpp), except that damage is never passed over. Every length
is held against what is left of the file before anything is allocated.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from llmq.errors import GgufError, ImportanceError
from llmq.files.gguf import MAGIC, GgufFile, TensorInfo, open_gguf
from llmq.files.plain import check_plain
from llmq.importance import Importance, ImportanceRows, Rows, StoredRows, stamp_of

SUMS, COUNTS = ".in_sum2", ".counts"
KEYS = ("imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size")
LEAST_ENTRY_BYTES = 17  # a name of one letter, one value, three numbers


def read_importance(path: str | Path, *, exact: bool = False) -> Importance:
    """Read an importance matrix; `ImportanceError` for anything that does not fit.

    Zeros are raised to a floor, unless `exact`; `llmq.importance` says why.

        >>> import struct, tempfile
        >>> from llmq import read_importance
        >>> entry = struct.pack("<i1sii2f", 1, b"w", 1, 2, 0.5, 2.0)  # name, calls, two values
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "legacy.dat")
        ...     n_bytes = path.write_bytes(struct.pack("<i", 1) + entry)
        ...     read_importance(path).rows["w"].read()
        array([[0.5, 2. ]], dtype=float32)
    """
    path = Path(path)
    check_plain(path, ImportanceError)
    try:
        file, stamp = path.resolve(), stamp_of(path)
        with path.open("rb") as opened:
            legacy = opened.read(4) != MAGIC
        index = _Legacy(path).read() if legacy else _of_gguf(open_gguf(path))
        n_raised, rows = 0, {}
        for name, stored in index.entries.items():
            values = stored.read(path)
            n_raised += 0 if exact else int((values == 0).sum())
            rows[name] = ImportanceRows(file, stamp, stored, values.size, exact)
    except GgufError as error:
        raise ImportanceError(str(error)) from None
    except OSError as error:
        raise ImportanceError(
            f"{path}: cannot be read ({error.strerror}); check the path"
        ) from None
    return Importance(path, rows, index.datasets, index.n_chunks, n_raised)


class _Index(NamedTuple):
    """Where a file has what, the texts that it was computed on, and the number of chunks."""

    entries: Mapping[str, StoredRows]
    datasets: tuple[str, ...]
    n_chunks: int


def _checked(path: Path, name: str, values: Rows) -> Rows:
    """The values, which must be finite and not negative."""
    good = np.isfinite(values) & (values >= 0)
    if not good.all():
        column = int(good.argmin())
        raise ImportanceError(
            f"{path}: {name!r} has the importance {values[column]} at column {column}; it is damaged"
        )
    return values


def _of_gguf(file: GgufFile) -> _Index:
    tensors = {tensor.name: tensor for tensor in file.tensors}
    names = {
        name.removesuffix(end) for end in (SUMS, COUNTS) for name in tensors if name.endswith(end)
    }
    if not names:
        raise ImportanceError(
            f"{file.path}: holds no importance (tensors such as blk.0.attn_q.weight{SUMS}); a model?"
        )
    for name in (name + part for name in sorted(names) for part in (SUMS, COUNTS)):
        tensor = tensors.get(name)
        if tensor is None or tensor.type_name != "F32" or not tensor.n_bytes:
            raise ImportanceError(f"{file.path}: {name} is missing, empty or not F32")
    entries = {
        name: _Sums(name, tensors[name + SUMS], tensors[name + COUNTS]) for name in sorted(names)
    }
    return _Index(entries, *_origin(file))


def _origin(file: GgufFile) -> tuple[tuple[str, ...], int]:
    """The texts that the matrix was computed on and the number of chunks."""
    datasets, count, size = (file.metadata.get(key) for key in KEYS)
    if not isinstance(datasets, list):
        raise ImportanceError(f"{file.path}: the key {KEYS[0]} is missing or no list of texts")
    if not isinstance(count, np.uint32) or not isinstance(size, np.uint32):
        raise ImportanceError(f"{file.path}: {KEYS[1]} or {KEYS[2]} is missing or no uint32")
    return tuple(str(item) for item in datasets), int(count)


@dataclass(frozen=True)
class _Sums:
    """A tensor's sums of squares and their counts in a GGUF file."""

    name: str
    sums: TensorInfo
    counts: TensorInfo

    def read(self, file: Path) -> Rows:
        """Sums divided by their counts; 1 where nothing was counted."""
        sums = _checked(file, self.name, _floats(file, self.sums))
        counts = _floats(file, self.counts)
        if sums.size % counts.size:
            raise ImportanceError(
                f"{file}: {self.name!r} has {sums.size} sums and {counts.size} counts"
            )
        if not (np.isfinite(counts) & (counts >= 0)).all():
            raise ImportanceError(f"{file}: {self.name!r} has counts that are no numbers from 0")
        whole = np.floor(counts.astype(np.float64) + 0.5).astype(np.float32)[:, None]  # C's lround
        rows = sums.reshape(counts.size, -1)
        return np.where(whole > 0, rows / np.maximum(whole, 1), np.float32(1))


@dataclass(frozen=True)
class _Averages:
    """A tensor's averages, times the number of calls, in a legacy file."""

    name: str
    position: int
    n_values: int
    n_calls: int

    def read(self, file: Path) -> Rows:
        """The averages, as one row."""
        values = np.fromfile(file, "<f4", self.n_values, offset=self.position).astype(np.float32)
        means = _checked(file, self.name, values) / np.float32(max(self.n_calls, 1))
        return means.reshape(1, -1)


def _floats(path: Path, tensor: TensorInfo) -> NDArray[np.float32]:
    return np.fromfile(path, "<f4", tensor.n_bytes // 4, offset=tensor.offset).astype(np.float32)


class _Legacy:
    """Reads a legacy file front to back; `left` is what it still holds."""

    def __init__(self, path: Path) -> None:
        self.path, self.left = path, path.stat().st_size

    def read(self) -> _Index:
        with self.path.open("rb") as file:
            n_entries = self.number(file, "the number of entries", 1)
            if n_entries * LEAST_ENTRY_BYTES > self.left:
                self.fail(f"{n_entries} entries do not fit the {self.left} bytes left")
            entries: dict[str, StoredRows] = {}
            for _ in range(n_entries):
                entry = self.entry(file)
                if entry.name in entries:
                    self.fail(f"it has {entry.name!r} twice")
                entries[entry.name] = entry
            return _Index(entries, *self.origin(file))

    def entry(self, file: BinaryIO) -> _Averages:
        """One matrix, whose values are passed over."""
        name = self.text(file)
        n_calls = self.number(file, f"the calls of {name!r}", 0)
        n_values = self.number(file, f"the values of {name!r}", 1)
        position = file.tell()
        self.take(file, 4 * n_values)
        return _Averages(name, position, n_values, n_calls)

    def origin(self, file: BinaryIO) -> tuple[tuple[str, ...], int]:
        """The texts and the number of chunks, which older files leave out."""
        n_chunks = self.number(file, "the number of chunks", 0) if self.left else 0
        datasets = (self.text(file),) if self.left else ()
        if self.left:
            self.fail(f"{self.left} bytes follow its end")
        return tuple(text for text in datasets if text), n_chunks

    def number(self, file: BinaryIO, what: str, least: int) -> int:
        (value,) = struct.unpack("<i", self.take(file, 4))
        if value < least:
            self.fail(f"{what} is {value}")
        return int(value)

    def text(self, file: BinaryIO) -> str:
        data = self.take(file, self.number(file, "the length of a text", 0))
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            self.fail("a text is not UTF-8")

    def take(self, file: BinaryIO, size: int) -> bytes:
        if size > self.left:
            self.fail(f"it wants {size} more bytes where {self.left} are left")
        self.left -= size
        return file.read(size)

    def fail(self, what: str) -> NoReturn:
        raise ImportanceError(
            f"{self.path}: is neither a GGUF nor a legacy importance matrix, or damaged: {what}"
        )
