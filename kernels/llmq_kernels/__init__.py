"""Block formats of GGUF in NumPy: the same bytes as ggml's, on every platform."""

from llmq_kernels.floats import BF16, F16, F32
from llmq_kernels.format import Format
from llmq_kernels.q4_0 import Q4_0
from llmq_kernels.q6_k import Q6_K
from llmq_kernels.q8_0 import Q8_0

_TABLE = (F32, F16, BF16, Q8_0, Q6_K, Q4_0)

FORMATS: dict[str, Format] = {entry.name: entry for entry in _TABLE}
"""Every format by its name, from the widest to the narrowest."""

__all__ = ["FORMATS", "Format"]
