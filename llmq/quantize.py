"""Executing a plan: read, transform, encode, write, chunk of rows by chunk of rows.

A chunk knows where its weights lie in the checkpoint and where its bytes belong in the output, so
chunks can be done in any order by any number of processes, and the bytes are the same: blocks never
cross rows, and a chunk holds whole rows. Processes, not threads: the ufunc calls of a kernel are so
short that threads would fight for the interpreter's lock (kernels/README.md). Workers are started
afresh (`spawn`) on every platform and open files by themselves, so nothing depends on fork or on
positioned reads.

The output is written under a temporary name beside its final one, flushed to disk, read back, compared
and then renamed. Whatever fails, and Ctrl-C as well, leaves nothing under the final name.
"""

import multiprocessing
import os
import shutil
import signal
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from llmq.errors import OutputError, WeightError
from llmq.planning import Plan, PlannedTensor
from llmq.safetensors_file import TensorRef

CHUNK_WEIGHTS = 1 << 20
SMALL_WEIGHTS = 1 << 24  # below this, starting workers costs more time than they save
# Anonymous memory, above what scripts/bench measures: of the command and of each worker when idle, and
# of the buffers that one weight of a chunk passes through.
PROCESS_BYTES = 60_000_000
WEIGHT_BYTES = 16
DEFAULT_MEMORY_BYTES = 400_000_000

Progress = Callable[[PlannedTensor, int], None]
"""Called in the main process after each chunk with its tensor and the bytes written."""


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


def execute(
    plan: Plan,
    output: str | Path,
    *,
    jobs: int | None = None,
    max_memory: int = DEFAULT_MEMORY_BYTES,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the file that `plan` describes to `output` and return its path.

    `jobs` is the number of worker processes (default: one per processor for models large enough);
    `max_memory` bounds the anonymous memory of all processes together, in bytes. The bytes of the
    file depend on neither. Raises `OutputError` before any work where `output` exists (and `force` is
    not set), cannot be written or does not fit the disk, and `WeightError` for a weight that is not
    finite or beyond what its format can hold.
    """
    output = Path(output)
    check_output(plan, output, force=force)
    workers = _workers(plan, jobs)
    chunks = list(_chunks(plan, _chunk_weights(plan, workers, max_memory)))
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            file.write(plan.header)
            file.truncate(plan.n_bytes)
        with _pool(workers) as pool:
            checksums = _write(chunks, partial, pool, progress)
            _flush(partial)
            _compare(plan, chunks, checksums, partial, pool)
        check_output(plan, output, force=force)
        partial.replace(output)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror or error})") from None
    except BrokenProcessPool:
        raise OutputError(
            f"{output}: a worker process died, perhaps for lack of memory; try --jobs 1"
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return output


def check_output(plan: Plan, output: Path, *, force: bool) -> None:
    """Raise `OutputError` where `output` could not be written in the end."""
    folder = output.parent
    if output.is_dir() or not output.name:
        raise OutputError(f"{output}: is a folder; name a file")
    if output.exists() and not force:
        raise OutputError(f"{output}: exists already; --force overwrites it")
    if not folder.is_dir():
        raise OutputError(f"{folder}: there is no such folder; create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder}: the folder is not writable; choose another with -o")
    free = shutil.disk_usage(folder).free
    if free < plan.n_bytes:
        raise OutputError(f"{output}: needs {plan.n_bytes} bytes and the disk has {free} free")


def _workers(plan: Plan, jobs: int | None) -> int:
    """The number of worker processes; 0 means that the main process does the work itself."""
    if jobs is None:
        jobs = 1 if plan.n_weights < SMALL_WEIGHTS else os.cpu_count() or 1
    return 0 if jobs <= 1 else jobs


def _chunk_weights(plan: Plan, workers: int, max_memory: int) -> int:
    """How many weights a chunk may hold, so that all processes together keep to `max_memory`."""
    at_work = max(workers, 1)
    room = max_memory - (workers + 1) * PROCESS_BYTES
    needed = max(_unit(tensor) * tensor.shape[-1] for tensor in plan.tensors)
    if room < needed * WEIGHT_BYTES * at_work:
        least = (workers + 1) * PROCESS_BYTES + needed * WEIGHT_BYTES * at_work
        raise OutputError(
            f"{max_memory} bytes of memory are too few for {at_work} jobs; this model needs {least},"
            " or fewer jobs"
        )
    return min(CHUNK_WEIGHTS, room // WEIGHT_BYTES // at_work)


def _unit(tensor: PlannedTensor) -> int:
    """The rows that must stay together."""
    return tensor.transform.unit if tensor.transform and len(tensor.shape) > 1 else 1


def _chunks(plan: Plan, weights: int) -> Iterator[Chunk]:
    for tensor in plan.tensors:
        unit, base = _unit(tensor), len(plan.header) + tensor.offset
        rows = max(weights // tensor.shape[-1] // unit, 1) * unit
        for start in range(0, tensor.n_rows, rows):
            stop = min(start + rows, tensor.n_rows)
            yield Chunk(tensor, start, stop, base + start * tensor.row_bytes)


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor | None]:
    """The worker processes, or None; on an error they stop after the chunk they are at."""
    if not workers:
        yield None
        return
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,  # Ctrl-C is the main process's to answer
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        with _interrupts_ignored():  # until the initializer has run, where this is inherited
            pool.submit(int)  # the first task makes the pool start its processes
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and only it is interrupted
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _write(
    chunks: list[Chunk], path: Path, pool: ProcessPoolExecutor | None, progress: Progress | None
) -> list[int]:
    """Do all chunks; their checksums, in order."""
    checksums = [0] * len(chunks)
    if pool is None:
        finished = ((index, write_chunk(chunk, path)) for index, chunk in enumerate(chunks))
    else:
        futures = {pool.submit(write_chunk, chunk, path): i for i, chunk in enumerate(chunks)}
        finished = ((futures[done], done.result()) for done in as_completed(futures))
    for index, checksum in finished:
        checksums[index] = checksum
        if progress is not None:
            progress(chunks[index].tensor, chunks[index].n_bytes)
    return checksums


def _compare(
    plan: Plan,
    chunks: list[Chunk],
    checksums: list[int],
    path: Path,
    pool: ProcessPoolExecutor | None,
) -> None:
    """Read the header and every chunk back from the file and compare their checksums."""
    if file_checksum(path, 0, len(plan.header)) != zlib.crc32(plan.header):
        raise OutputError(
            f"{path.parent}: the header reads back differently; the disk is not reliable"
        )
    spans = [(path, chunk.position, chunk.n_bytes) for chunk in chunks]
    if pool is None:
        found = [file_checksum(*span) for span in spans]
    else:
        futures: list[Future[int]] = [pool.submit(file_checksum, *span) for span in spans]
        found = [future.result() for future in futures]
    for chunk, written, read in zip(chunks, checksums, found, strict=True):
        if written != read:
            raise OutputError(
                f"{path.parent}: {chunk.tensor.name!r} reads back differently from what was written"
                " there; the disk is not reliable"
            )


def write_chunk(chunk: Chunk, path: Path) -> int:
    """Read, transform, encode and write the rows of one chunk; the checksum of their bytes."""
    tensor = chunk.tensor
    rows = _read(chunk)
    _check_finite(chunk, rows)
    if tensor.transform is not None:
        grouped = rows.reshape(-1, 1) if len(tensor.shape) == 1 else rows
        rows = tensor.transform(grouped).reshape(rows.shape)
    blocks = tensor.format.encode(rows)
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


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def file_checksum(path: Path, position: int, n_bytes: int) -> int:
    """The checksum of `n_bytes` of a file from `position`."""
    with path.open("rb", buffering=0) as file:
        file.seek(position)
        return zlib.crc32(file.read(n_bytes))
