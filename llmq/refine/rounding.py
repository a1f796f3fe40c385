"""Rows shared out to processes that round them with error feedback.

A matrix's targets and the factor lie in files of a scratch folder, which every process maps; what
comes back are blocks. Chunks of rows are the same whatever the number of processes, and so are the
blocks.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
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
Bytes = NDArray[np.uint8]
Task = tuple[str, int, tuple[Path, ...]]
"""A format, the first row of a chunk, and the files that it is made of."""

SCRATCH = "scratch-"
ROWS_AT_ONCE = 8192  # of a matrix in memory: an output matrix has more
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
            found = self._shared(self.pool, tasks)
        return np.concatenate([each.view(fmt.layout) for each in found]).reshape(len(rows), -1)

    def _shared(self, pool: ProcessPoolExecutor, tasks: Sequence[Task]) -> list[Bytes]:
        """What the processes make of the tasks."""
        try:
            return list(pool.map(_round, *zip(*tasks, strict=True)))
        except BrokenProcessPool:
            raise OutputError(
                "a worker process died while codes were refined, perhaps for lack of memory; what is"
                " finished is kept, try --jobs 1"
            ) from None

    def _save(self, name: str, values: NDArray[Any]) -> Path:
        path = self.folder / f"{name}.npy"
        try:
            np.save(path, values)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from None
        return path


@contextmanager
def rounder(folder: Path, jobs: int | None) -> Iterator[Rounder]:
    """Processes at work for a while, `jobs` or one for each core; their files lie in `folder`."""
    workers = jobs or cores()
    with (
        tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch,
        worker_pool(workers if workers > 1 else 0) as pool,
    ):
        yield Rounder(Path(scratch), pool)


def scratch_bytes(shapes: Iterable[tuple[int, ...]]) -> int:
    """What files of rows and of the factor take at most, for matrices of these shapes."""
    return max((4 * n * (min(rows, ROWS_AT_ONCE) + n) for rows, n in shapes), default=0)


def _round(name: str, start: int, files: tuple[Path, ...]) -> Bytes:
    """The bytes of the blocks of a chunk of rows, (n_rows, bytes)."""
    rows, factor, importance, order = (np.load(file, mmap_mode="r") for file in files)
    chunk = np.array(rows[start : start + CHUNK_ROWS])
    blocks = feed_back(chunk, factor, importance, FORMATS[name], order=order)
    return blocks.view(np.uint8).reshape(len(blocks), -1)
