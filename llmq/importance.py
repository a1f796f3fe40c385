"""Importance matrices: how much the error of each column of a matrix matters.

llama-imatrix runs a text through a model and averages, for each matrix, the squares of what is
multiplied with each of its columns. The quantizers weight their errors with it.
`llmq.files.imatrix` reads its files; the values are those with which llama-quantize works, but for
zeros:

**Zeros are raised.** A column that nothing ever reached has importance zero, and where a whole
block has, ggml stores zeros for its weights, whatever they are. A zero therefore counts as a
millionth of the median of its row's other values: next to any column that was reached it weighs
nothing, and alone it keeps its weights. Where a row holds zeros only, all its columns count the
same. `exact` leaves zeros as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from llmq.errors import ImportanceError
from llmq.files.gguf import Metadata

Rows = NDArray[np.float32]
Stamp = tuple[int, int]

FLOOR = 1e-6  # of the median of what is not zero
VALUE_BYTES = 127  # what llama_model_kv_override holds of a string, besides its end


class StoredRows(Protocol):
    """Where a file has the importance of one tensor, and how it is read."""

    def read(self, file: Path) -> Rows:
        """The values as the file has them, (n_matrices, n_cols)."""


@dataclass(frozen=True)
class ImportanceRows:
    """The importance of one tensor as a reference: who needs the values reads them by itself."""

    file: Path
    stamp: Stamp
    stored: StoredRows
    n_values: int
    exact: bool

    def read(self) -> Rows:
        """The values (n_matrices, n_cols); `ImportanceError` where the file is not as it was."""
        if stamp_of(self.file) != self.stamp:
            raise ImportanceError(f"{self.file}: was changed while it was in use; start again")
        rows = self.stored.read(self.file)
        return rows if self.exact else raised(rows)

    def row(self, matrix: int, n_cols: int) -> Rows:
        """The importance of the columns of one of the tensor's matrices, (n_cols,)."""
        row: Rows = _last(self).reshape(-1, n_cols)[matrix]  # legacy files know no matrices
        return row


@lru_cache(maxsize=1)
def _last(rows: ImportanceRows) -> Rows:
    """The values read last: the chunks of a tensor follow one another."""
    return rows.read()


def stamp_of(file: Path) -> Stamp:
    """What distinguishes a file from what it was before: the time of its change and its size."""
    try:
        status = file.stat()
    except OSError as error:
        raise ImportanceError(
            f"{file}: cannot be read ({error.strerror}); check the path"
        ) from None
    return status.st_mtime_ns, status.st_size


@dataclass(frozen=True)
class Importance:
    """What a file says of a model: for each GGUF name rows (n_matrices, n_cols), one per expert."""

    path: Path
    rows: Mapping[str, ImportanceRows]
    datasets: tuple[str, ...] = ()
    n_chunks: int = 0
    n_raised: int = 0
    """How many values were zero and have been raised."""

    @property
    def metadata(self) -> Metadata:
        """The keys that llama-quantize writes into a file made with an importance matrix."""
        keys: Metadata = {"quantize.imatrix.file": _cut(str(self.path))}
        if self.datasets:
            keys["quantize.imatrix.dataset"] = _cut(self.datasets[0])
        keys["quantize.imatrix.entries_count"] = np.uint32(len(self.rows))
        if self.n_chunks > 0:
            keys["quantize.imatrix.chunks_count"] = np.uint32(self.n_chunks)
        return keys

    def as_json(self) -> dict[str, Any]:
        """What a plan says of it to machines."""
        return {
            "file": str(self.path),
            "datasets": list(self.datasets),
            "chunks": self.n_chunks,
            "entries": len(self.rows),
            "raised": self.n_raised,
        }

    def check(self, model: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise `ImportanceError` where the file belongs to a model of other shapes."""
        for name, rows in self.rows.items():
            if name not in shapes:
                raise ImportanceError(
                    f"{self.path}: is of another model: it knows {name!r}, and {model} has no such tensor"
                )
            shape = shapes[name]
            if rows.n_values != prod(shape[:-2]) * shape[-1]:
                raise ImportanceError(
                    f"{self.path}: is of another model: it has {rows.n_values} values for {name!r}, and"
                    f" {model} has the shape {list(shape)} there"
                )


def raised(rows: Rows) -> Rows:
    """The rows (n, n_cols) without zeros; see above."""
    result = rows.copy()
    for row in result:
        zero = row == 0
        if zero.all():
            row[:] = 1
        elif zero.any():
            median = np.median(row[~zero].astype(np.float64))
            row[zero] = max(median * FLOOR, float(np.finfo(np.float32).tiny))
    return result


def _cut(text: str) -> str:
    """What llama-quantize keeps of a text."""
    return text.encode("utf-8", "replace")[:VALUE_BYTES].decode("utf-8", "ignore")
