"""Block formats of GGUF in NumPy: the same bytes as ggml's, on every platform."""

from llmq_kernels.format import Encoder, Format
from llmq_kernels.formats.floats import BF16, F16, F32
from llmq_kernels.formats.iq4_nl import IQ4_NL
from llmq_kernels.formats.iq4_xs import IQ4_XS
from llmq_kernels.formats.mxfp4 import MXFP4
from llmq_kernels.formats.nvfp4 import NVFP4
from llmq_kernels.formats.q2_k import Q2_K
from llmq_kernels.formats.q3_k import Q3_K
from llmq_kernels.formats.q4_0 import Q4_0
from llmq_kernels.formats.q4_1 import Q4_1
from llmq_kernels.formats.q4_k import Q4_K
from llmq_kernels.formats.q5_0 import Q5_0
from llmq_kernels.formats.q5_1 import Q5_1
from llmq_kernels.formats.q5_k import Q5_K
from llmq_kernels.formats.q6_k import Q6_K
from llmq_kernels.formats.q8_0 import Q8_0

_TABLE = (
    F32,
    F16,
    BF16,
    Q8_0,
    Q6_K,
    Q5_1,
    Q5_0,
    Q5_K,
    Q4_1,
    Q4_0,
    Q4_K,
    IQ4_NL,
    NVFP4,
    IQ4_XS,
    MXFP4,
    Q3_K,
    Q2_K,
)

FORMATS: dict[str, Format] = {entry.name: entry for entry in _TABLE}
"""Every format by its name, from the widest to the narrowest."""

__all__ = ["FORMATS", "Encoder", "Format"]
