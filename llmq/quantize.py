"""Executing a plan: read, transform, encode, write, chunk of rows by chunk of rows.

What happens to one chunk is in llmq/chunks.py; here chunks are cut to the memory allowed and shared
out to processes (llmq/workers.py).

The output is written under a temporary name beside its final one, flushed to disk, read back,
compared and hashed tensor by tensor (the hashes go into its header), opened by llama.cpp
(llmq/load_check.py) and then renamed. Whatever fails, and Ctrl-C as well, leaves nothing under the
final name; llmq/outputs.py knows where nothing may be written.
"""

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from pathlib import Path

from llmq import defaults
from llmq.chunks import Chunk, read_back, write_chunk
from llmq.errors import OutputError
from llmq.load_check import check_loads
from llmq.outputs import check_output
from llmq.plan import Plan
from llmq.planned_tensor import PlannedTensor
from llmq.processors import cores
from llmq.publishing import in_parts, part_names, unpublished
from llmq.tensor_hashes import of_tensors
from llmq.workers import on_each, worker_pool

CHUNK_WEIGHTS = 1 << 19
SMALL_WEIGHTS = 1 << 24  # below this, starting workers costs more time than they save
# Anonymous memory, above what scripts/bench measures: of the command and of each worker when idle,
# of the vocabulary as Python holds it, for one byte of the header, and of the buffers that one
# weight of a chunk passes through.
PROCESS_BYTES = 60_000_000
HEADER_BYTES = 6
WEIGHT_BYTES = 16

Progress = Callable[[PlannedTensor, int], None]
"""Called in the main process after each chunk with its tensor and the bytes written."""


def execute(
    plan: Plan,
    output: str | Path,
    *,
    jobs: int | None = None,
    max_memory: int = defaults.MEMORY_BYTES,
    force: bool = False,
    load_check: bool = True,
    split_max_size: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the file that `plan` describes to `output` and return its path.

    `jobs` is the number of worker processes (default, for models large enough: one per core, or as
    many as `max_memory` allows, the bytes of anonymous memory of all processes together). The bytes
    of the file depend on neither. `load_check` has llama.cpp try the finished file beside the
    source's tokenizer.json; `split_max_size` cuts the model into files of at most so many bytes of
    tensors, of which the first is returned. Raises `OutputError` before any work where `output`
    exists (and not `force`), cannot be written or does not fit the disk, `WeightError` for a weight
    that no format can hold, and `ModelError` or `TokenizerError` for what the check refuses.

        >>> import tempfile
        >>> from llmq import execute, make_plan, open_source
        >>> plan = make_plan(open_source("eval/tutor"), recipe="Q8_0")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     execute(plan, f"{folder}/tutor.gguf").stat().st_size == plan.n_bytes
        True
    """
    parts = in_parts(plan, split_max_size)
    outputs = part_names(Path(output), len(parts))
    for path in outputs:
        check_output(plan, path, force=force)
    workers = _workers(plan, jobs, max_memory)
    weights = _chunk_weights(plan, workers, max_memory)
    try:
        with unpublished(outputs, force=force) as partials:
            hashes: list[str] = []
            with worker_pool(workers) as pool:
                for part, partial in zip(parts, partials, strict=True):
                    hashes += _fill(part, partial, list(_chunks(part, weights)), pool, progress)
            _finish(parts, partials, hashes)
            if load_check:
                _try(plan, partials[0], outputs[0])
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror or error})") from None
    except BrokenProcessPool:
        raise OutputError(
            f"{output}: a worker process died, perhaps for lack of memory; try --jobs 1"
        ) from None
    return outputs[0]


def _workers(plan: Plan, jobs: int | None, max_memory: int) -> int:
    """The number of worker processes; 0 means that the main process does the work itself."""
    if jobs is None:
        each = PROCESS_BYTES + _least_weights(plan) * WEIGHT_BYTES
        fitting = (max_memory - _idle_bytes(plan, 0)) // each
        jobs = 1 if plan.n_weights < SMALL_WEIGHTS else min(cores(), fitting)
    return 0 if jobs <= 1 else jobs


def _chunk_weights(plan: Plan, workers: int, max_memory: int) -> int:
    """How many weights a chunk may hold, so that all processes together keep to `max_memory`."""
    at_work = max(workers, 1)
    room = max_memory - _idle_bytes(plan, workers)
    needed = _least_weights(plan)
    if room < needed * WEIGHT_BYTES * at_work:
        least = _idle_bytes(plan, workers) + needed * WEIGHT_BYTES * at_work
        raise OutputError(
            f"{max_memory} bytes of memory are too few for {at_work} jobs; this model needs {least},"
            " or fewer jobs"
        )
    return min(CHUNK_WEIGHTS, room // WEIGHT_BYTES // at_work)


def _idle_bytes(plan: Plan, workers: int) -> int:
    """The memory of all processes before the first chunk."""
    return (workers + 1) * PROCESS_BYTES + HEADER_BYTES * len(plan.header)


def _least_weights(plan: Plan) -> int:
    """The weights that a chunk must be able to hold: a row, or rows that stay together."""
    return max(tensor.source.unit * tensor.shape[-1] for tensor in plan.tensors)


def _chunks(plan: Plan, weights: int) -> Iterator[Chunk]:
    """All chunks of at most so many weights; importance is that of one matrix."""
    for tensor in plan.tensors:
        source, base = tensor.source, len(plan.header) + tensor.offset
        rows = max(weights // tensor.shape[-1] // source.unit, 1) * source.unit
        together = source.rows_per_matrix if tensor.encoding.importance else source.n_rows
        for first in range(0, source.n_rows, together):
            end = first + together
            for start in range(first, end, rows):
                stop = min(start + rows, end)
                yield Chunk(tensor, start, stop, base + start * tensor.row_bytes)


def _fill(
    plan: Plan,
    path: Path,
    chunks: list[Chunk],
    pool: ProcessPoolExecutor | None,
    progress: Progress | None,
) -> list[str]:
    """Make the file, write its tensors, and compare what is read back: the hash of each tensor."""
    with path.open("xb") as file:
        file.truncate(plan.n_bytes)
    checksums = _write(chunks, path, pool, progress)
    _flush(path)
    return _compare(chunks, checksums, path, pool)


def _try(plan: Plan, path: Path, output: Path) -> None:
    """Have llama.cpp open the file, which will be `output`, and cut text as its source does."""
    folder = plan.source.tokenizer_path
    known = folder if folder and (folder / "tokenizer.json").is_file() else None
    check_loads(path, name=str(output), folder=known)


def _write(
    chunks: list[Chunk], path: Path, pool: ProcessPoolExecutor | None, progress: Progress | None
) -> list[int]:
    """Do all chunks; their checksums, in order."""
    checksums = [0] * len(chunks)
    for index, checksum in on_each(pool, write_chunk, [(chunk, path) for chunk in chunks]):
        checksums[index] = checksum
        if progress is not None:
            progress(chunks[index].tensor, chunks[index].n_bytes)
    return checksums


def _compare(
    chunks: list[Chunk], checksums: list[int], path: Path, pool: ProcessPoolExecutor | None
) -> list[str]:
    """Read every tensor back, compare the checksums of its chunks; the hashes of the tensors."""
    starts = [index for index, chunk in enumerate(chunks) if chunk.start == 0]
    spans = [slice(*pair) for pair in pairwise([*starts, len(chunks)])]
    tasks = [
        (path, chunks[span.start].position, [chunk.n_bytes for chunk in chunks[span]])
        for span in spans
    ]
    hashes = [""] * len(spans)
    for index, (found, sha256) in on_each(pool, read_back, tasks):
        hashes[index] = sha256
        if found != checksums[spans[index]]:
            name = chunks[spans[index].start].tensor.name
            raise OutputError(
                f"{path.parent}: {name!r} reads back differently from what was written there; the"
                " disk is not reliable"
            )
    return hashes


def _finish(parts: Sequence[Plan], paths: Sequence[Path], hashes: Sequence[str]) -> None:
    """Write the headers, of which the first holds the hashes of all tensors."""
    types = [tensor.format.name for part in parts for tensor in part.tensors]
    first = parts[0].with_records(of_tensors(types, hashes))
    for part, path in zip([first, *parts[1:]], paths, strict=True):
        _write_header(part, path)


def _write_header(plan: Plan, path: Path) -> None:
    with path.open("r+b") as file:
        file.write(plan.header)
    _flush(path)
    checksums, _ = read_back(path, 0, [len(plan.header)])
    if checksums != [zlib.crc32(plan.header)]:
        raise OutputError(
            f"{path.parent}: the header reads back differently; the disk is not reliable"
        )


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
