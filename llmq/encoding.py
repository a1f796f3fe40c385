"""How a tensor is encoded, as a value that travels with each of its chunks.

    encoder   what it does with rows of weights
    ggml      codes and scales as ggml chooses them, to the byte
    search    codes and scales by our own search
    portable  likewise, with scales that other runtimes can hold too
    stored    nothing: the source's blocks are in the format already; they are checked and copied
    refined   likewise: llmq.refine has chosen them before the conversion's loop

The first three are the kernels'. What is heavy travels as a reference: a worker opens the file of
an importance matrix by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmq.errors import WeightError
from llmq.importance import ImportanceRows
from llmq.sources.tensor import SourceTensor
from llmq_kernels import Encoder
from llmq_kernels.format import Format
from llmq_kernels.search.positive import exact

Blocks = NDArray[np.void]
STORED, REFINED = "stored", "refined"


@dataclass(frozen=True)
class Encoding:
    """The format of a tensor, the encoder that makes its blocks, and what weighs their errors."""

    format: Format
    encoder: str
    importance: ImportanceRows | None = None

    def blocks(self, tensor: SourceTensor, start: int, stop: int) -> Blocks:
        """The blocks (stop - start, n_blocks) of rows of a tensor, with importance of one matrix.

        Raises `WeightError` for a weight that is not finite or beyond what the format can hold.
        """
        return ENCODERS[self.encoder](self, tensor, start, stop)


def encoding_for(
    tensor: SourceTensor, wanted: Format, asked: Encoder, importance: ImportanceRows | None
) -> Encoding:
    """How `tensor` becomes blocks of the format wanted."""
    served = wanted.encoder_for(asked)
    if tensor.keeps(wanted.name) and served != Encoder.PORTABLE:
        return Encoding(wanted, STORED)
    weighted = importance if wanted.block > 1 else None
    return Encoding(wanted, served, weighted)


def _encoded(encoding: Encoding, tensor: SourceTensor, start: int, stop: int) -> Blocks:
    """Read, check, transform, encode."""
    rows = tensor.weights.read(start, stop)
    _check_finite(tensor, start, rows)
    if tensor.transform is not None:
        grouped = rows.reshape(-1, 1) if len(tensor.shape) == 1 else rows
        rows = tensor.transform(grouped).reshape(rows.shape)
    fmt, reference = encoding.format, encoding.importance
    matrix = start // tensor.rows_per_matrix
    importance = reference.row(matrix, tensor.shape[-1]) if reference else None
    blocks = fmt.encode(rows, importance, encoder=Encoder(encoding.encoder))
    bad = fmt.overflowed(blocks, rows)
    if bad is not None:
        row, block = divmod(bad, blocks.shape[1])
        first = block * fmt.block
        largest = np.abs(rows[row, first : first + fmt.block]).max()
        raise WeightError(
            f"{tensor.name}: row {start + row}, columns from {first}: a weight of {largest:g} is"
            f" beyond what {fmt.name} can hold; choose BF16 or F32"
        )
    return blocks


def _copied(encoding: Encoding, tensor: SourceTensor, start: int, stop: int) -> Blocks:
    """Read, check; rows of blocks are moved as they are."""
    fmt, raw = encoding.format, tensor.weights.raw(start, stop)
    if tensor.transform is not None:
        units = tensor.shape[0] if len(tensor.shape) == 1 else stop - start
        raw = tensor.transform(raw.reshape(units, -1)).reshape(-1)
    blocks = raw.view(fmt.layout).reshape(stop - start, -1)
    damaged = fmt.damaged(blocks)
    if damaged is not None:
        row, block = divmod(damaged, blocks.shape[1])
        weights = fmt.decode(blocks[row : row + 1, block : block + 1])[0]
        column = int(np.isfinite(weights).argmin())
        raise _not_finite(tensor, start + row, block * fmt.block + column, weights[column])
    return blocks


def _portable(encoding: Encoding, tensor: SourceTensor, start: int, stop: int) -> Blocks:
    """Encode; blocks that are in the format already stay where their scales will do."""
    blocks = _encoded(encoding, tensor, start, stop)
    if tensor.keeps(encoding.format.name):
        stored = _copied(encoding, tensor, start, stop)
        scale = stored["d"].astype(np.float32)
        np.copyto(blocks, stored, where=(scale > 0) & (exact(scale) == scale))
    return blocks


ENCODERS: Mapping[str, Callable[[Encoding, SourceTensor, int, int], Blocks]] = {
    **dict.fromkeys(Encoder, _encoded),
    Encoder.PORTABLE: _portable,
    STORED: _copied,
    REFINED: _copied,
}
"""What each encoder does with rows of a tensor."""


def _check_finite(tensor: SourceTensor, start: int, rows: NDArray[np.float32]) -> None:
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = np.unravel_index(int(finite.argmin()), rows.shape)
        raise _not_finite(tensor, start + int(row), int(column), rows[row, column])


def _not_finite(tensor: SourceTensor, row: int, column: int, value: np.float32) -> WeightError:
    """The error that names one weight by its index in the source's tensor."""
    index = np.unravel_index(row * tensor.shape[-1] + column, tensor.shape)
    place = ", ".join(str(int(number)) for number in index)
    return WeightError(
        f"{tensor.weights.name}: the weight at [{place}] is {value}; the model is damaged or diverged"
    )
