"""How a text is cut into batches, such that no token's logits depend on where it is cut.

llama.cpp multiplies by one kernel for many rows and by another for few, and the two round
differently. Rows are the tokens of a batch and, from the last layer on, those whose logits are
asked for. (ggml-cpu: `llamafile_sgemm` begins at 2 rows on x86 and at 4 or 8 elsewhere,
`ggml_tiled_min_batch` at 8.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FEW_ROWS = 8  # from here on every kernel of llama.cpp is the one for many rows


@dataclass(frozen=True)
class Batch:
    """Tokens `start` to `stop` of a text; logits are asked for at `outputs`, wanted at `wanted`."""

    start: int
    stop: int
    outputs: tuple[int, ...]
    wanted: tuple[int, ...]


def cut(n_tokens: int, wanted: Sequence[int], *, most_tokens: int, most_rows: int) -> list[Batch]:
    """Batches for a text of `n_tokens` tokens, of which the logits at `wanted` are needed.

    None is larger than `most_tokens` or needs more than `most_rows` rows of logits. A range that is
    too large is halved, so that of a text that is not short no batch has few tokens.

    >>> [(b.start, b.stop) for b in cut(257, [256], most_tokens=256, most_rows=64)]
    [(0, 128), (128, 257)]
    >>> cut(12, [2, 3], most_tokens=256, most_rows=64)[0].outputs
    (2, 3, 6, 7, 8, 9, 10, 11)
    """
    return list(_halved(0, n_tokens, wanted, most_tokens, most_rows))


def _halved(
    start: int, stop: int, wanted: Sequence[int], most_tokens: int, most_rows: int
) -> Iterator[Batch]:
    here = tuple(position for position in wanted if start <= position < stop)
    if stop - start <= most_tokens and len(here) <= most_rows:
        if start < stop:
            yield Batch(start, stop, _padded(start, stop, here, most_rows), here)
        return
    middle = (start + stop) // 2
    yield from _halved(start, middle, here, most_tokens, most_rows)
    yield from _halved(middle, stop, here, most_tokens, most_rows)


def _padded(start: int, stop: int, here: tuple[int, ...], most_rows: int) -> tuple[int, ...]:
    """`here` and, where that is few but some, others of the batch."""
    if not here:
        return ()
    others = [position for position in range(start, stop) if position not in here]
    missing = max(0, min(FEW_ROWS, most_rows) - len(here))
    return tuple(sorted((*here, *others[max(0, len(others) - missing) :]))) if missing else here
