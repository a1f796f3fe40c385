"""Importance matrices as llama-imatrix writes them, GGUF and legacy."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.files.gguf import Metadata, encode_header, padded
from llmq.files.imatrix import read_importance
from llmq.importance import Importance

Values = NDArray[np.float32]
METADATA: Metadata = {
    "general.type": "imatrix",
    "imatrix.datasets": ["calibration.txt"],
    "imatrix.chunk_count": np.uint32(7),
    "imatrix.chunk_size": np.uint32(512),
}


def save_gguf(path: Path, tensors: Mapping[str, Values], metadata: Metadata = METADATA) -> Path:
    """A GGUF file of F32 tensors."""
    records, data = [], b""
    for name, values in tensors.items():
        records.append((name, values.shape, 0, len(data)))
        data += values.astype("<f4").tobytes().ljust(padded(values.nbytes), b"\0")
    path.write_bytes(encode_header(metadata, records) + data)
    return path


def random_importance(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Values]:
    """Importance (n_matrices, n_cols) of the layers' matrices, some values zero and some large."""
    rng = np.random.default_rng(5)
    found = {}
    for name, shape in shapes.items():
        if name.startswith("blk.") and len(shape) > 1:
            rows = rng.gamma(0.3, 2.0, (*shape[:-2], shape[-1])).astype(np.float32)
            rows[rng.random(rows.shape) < 0.02] = 0
            found[name] = rows.reshape(-1, shape[-1])
    return found


def save_legacy(path: Path, rows: Mapping[str, Values], *, dataset: str = "") -> Path:
    """A legacy file, with its origin where a dataset is given."""
    entries = b"".join(legacy_entry(name, values, 1) for name, values in rows.items())
    end = legacy_origin(1, dataset) if dataset else b""
    path.write_bytes(struct.pack("<i", len(rows)) + entries + end)
    return path


def save_importance(path: Path, rows: Mapping[str, Values]) -> Importance:
    """Importance (n_matrices, n_cols) by tensor, saved as llama-imatrix does and read exactly."""
    tensors: dict[str, Values] = {}
    for name, values in rows.items():
        tensors |= sums_and_counts(name, values, [1.0] * len(values))
    return read_importance(save_gguf(path, tensors), exact=True)


def sums_and_counts(name: str, sums: Values, counts: Sequence[float]) -> dict[str, Values]:
    """The two tensors of one matrix."""
    return {
        f"{name}.in_sum2": sums.reshape(len(counts), -1),
        f"{name}.counts": np.array(counts, np.float32)[:, None],
    }


def legacy_entry(name: str, values: Values, n_calls: int) -> bytes:
    """One matrix of a legacy file."""
    head = struct.pack("<i", len(name)) + name.encode() + struct.pack("<ii", n_calls, values.size)
    return head + values.astype("<f4").tobytes()


def legacy_origin(n_chunks: int, dataset: str) -> bytes:
    """The end of a legacy file."""
    return struct.pack("<ii", n_chunks, len(dataset)) + dataset.encode()
