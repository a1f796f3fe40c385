"""One tensor of a plan: the part of it that travels to the worker that has one of its chunks."""

from dataclasses import dataclass

from llmq.encoding import Encoding
from llmq.sources.tensor import SourceTensor
from llmq_kernels.format import Format


@dataclass(frozen=True)
class PlannedTensor:
    """One tensor of the output; `offset` counts from the start of the tensor data."""

    source: SourceTensor
    encoding: Encoding
    offset: int

    @property
    def name(self) -> str:
        """Its name in the file."""
        return self.source.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Row-major."""
        return self.source.shape

    @property
    def format(self) -> Format:
        """The format of its blocks."""
        return self.encoding.format

    @property
    def row_bytes(self) -> int:
        """Bytes of one encoded row."""
        return self.format.nbytes(self.shape[-1:])

    @property
    def n_bytes(self) -> int:
        """Bytes of the encoded tensor, without padding."""
        return self.source.n_rows * self.row_bytes
