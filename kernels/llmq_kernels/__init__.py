"""Block formats of GGUF in NumPy: the same bytes as ggml's, on every platform."""

from llmq_kernels.format import Encoder, Format
from llmq_kernels.table import FORMATS

__all__ = ["FORMATS", "Encoder", "Format"]
