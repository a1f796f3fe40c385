"""Rows shared out to processes that round them with error feedback.

A matrix's targets and the factor lie in files of a scratch folder, which every process maps; what
comes back are blocks. Chunks of rows are the same whatever the number of processes, and so are the
blocks.
"""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq.errors import OutputError
from llmq.processors import cores
from llmq.workers import worker_pool
from llmq_kernels import FORMATS
from llmq_kernels.feedback import ROWS, feed_back
from llmq_kernels.format import Format

Floats = NDArray[np.float32]
Blocks = NDArray[np.void]

CHUNK_ROWS = 4 * ROWS  # the more, the less each costs


@dataclass(frozen=True)
class Metric:
    """How errors of a matrix's columns count, with its blocks in `order`."""

    factor: Floats
    importance: Floats
    order: NDArray[np.intp]


@dataclass(frozen=True)
class Rounder:
    """Rounds matrices in `pool`, or in this process."""

    folder: Path
    pool: ProcessPoolExecutor | None

    def blocks(self, rows: Floats, fmt: Format, metric: Metric) -> Blocks:
        """The blocks (n_rows, n_blocks) nearest to `rows` in what they do to the output."""
        files = (
            self._save("rows", rows),
            *(
                self._save(name, getattr(metric, name))
                for name in ("factor", "importance", "order")
            ),
        )
        starts = range(0, len(rows), CHUNK_ROWS)
        tasks = [(fmt.name, start, files) for start in starts]
        if self.pool is None:
            found = [_round(*task) for task in tasks]
        else:
            found = list(self.pool.map(_round, *zip(*tasks, strict=True)))
        return np.concatenate([each.view(fmt.layout) for each in found]).reshape(len(rows), -1)

    def _save(self, name: str, values: NDArray[Any]) -> Path:
        path = self.folder / f"{name}.npy"
        try:
            np.save(path, values)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from None
        return path


@contextmanager
def rounder(jobs: int | None) -> Iterator[Rounder]:
    """Processes at work for a while: `jobs`, or one for each core."""
    workers = jobs or cores()
    with (
        tempfile.TemporaryDirectory(prefix="llmq-refine-") as folder,
        worker_pool(workers if workers > 1 else 0) as pool,
    ):
        yield Rounder(Path(folder), pool)


def _round(name: str, start: int, files: tuple[Path, ...]) -> NDArray[np.uint8]:
    """The bytes of the blocks of a chunk of rows, (n_rows, bytes)."""
    rows, factor, importance, order = (np.load(file, mmap_mode="r") for file in files)
    chunk = np.array(rows[start : start + CHUNK_ROWS])
    blocks = feed_back(chunk, factor, importance, FORMATS[name], order=order)
    return blocks.view(np.uint8).reshape(len(blocks), -1)
