"""Whether a model fits into the memory that is left, before any of its weights is read."""

from dataclasses import dataclass, replace
from pathlib import Path

from llmq.errors import ModelError
from llmq.files.gguf import GgufFile, open_gguf
from llmq.files.parts import parts_of
from llmq.memory import RUNTIME_BYTES, context_used, memory_to_run
from llmq.runtime.how import How
from llmq.runtime.opening import CONTEXT_LIMIT

CONTEXTS = (CONTEXT_LIMIT, 2048, 1024, 512)  # tokens: what is tried where nobody asks for any
SMALLER_CACHE = "Q8_0"


@dataclass(frozen=True)
class Fits:
    """The context to open a model with, and what is worth saying of it."""

    n_ctx: int
    remark: str = ""


def read_header(path: Path) -> GgufFile:
    """The header of a file with the tensors of all its parts."""
    file, *others = (open_gguf(part) for part in parts_of(path) if part.exists())
    return replace(file, tensors=tuple(t for part in (file, *others) for t in part.tensors))


def bytes_needed(file: GgufFile, n_ctx: int, cache_type: str) -> int:
    """What a chat takes; of a graph that nobody has described, at least its weights."""
    known = memory_to_run(file, n_ctx, cache_type=cache_type)
    return known.total if known else sum(t.n_bytes for t in file.tensors) + RUNTIME_BYTES


def fitting(file: GgufFile, asked: int | None, how: How, available: int | None) -> Fits:
    """The context that fits into `available` bytes, or `asked`. Raises ModelError for none.

    Layers on a GPU take memory of its own, of which nothing is known here: then all fits.
    """

    def fits(n_ctx: int, cache_type: str = how.cache_type) -> bool:
        free = available is None or how.gpu_layers != 0
        return free or bytes_needed(file, n_ctx, cache_type) <= (available or 0)

    wanted = context_used(file, asked or CONTEXT_LIMIT)
    if fits(wanted):
        return Fits(wanted)
    smaller = next((n for n in CONTEXTS if n < wanted and fits(n)), None)
    need = (
        f"{gigabytes(bytes_needed(file, wanted, how.cache_type))} of memory for a context of {wanted} tokens,"
        f" and {gigabytes(available or 0)} are free"
    )
    if smaller and asked is None:
        return Fits(smaller, f"{file.path.name} would need {need}: it remembers {smaller} tokens")
    remedy = _remedy(smaller, fits_small=fits(min(CONTEXTS[-1], wanted), SMALLER_CACHE))
    raise ModelError(f"{file.path.name} needs {need}; {remedy}")


def _remedy(smaller: int | None, *, fits_small: bool) -> str:
    if smaller:
        return f"--context {smaller} fits"
    if fits_small:
        return f"--cache-type {SMALLER_CACHE} --context {CONTEXTS[-1]} fits"
    return "take a file of a smaller recipe (llmq recipes lists them), or name one with --fallback"


def gigabytes(n_bytes: int) -> str:
    """Decimal.

    >>> gigabytes(1_840_000_000)
    '1.8 GB'
    """
    return f"{n_bytes / 1e9:.1f} GB"
