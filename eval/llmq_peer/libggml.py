"""The C library that llama-cpp-python installs: the oracle that our bytes are compared with."""

import ctypes
import importlib.util
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llmq_kernels import FORMATS, Format

NAMES = ("libggml-base.so", "libggml-base.dylib", "ggml-base.dll", "libggml-base.dll")

DECODERS = {
    "F16": "ggml_fp16_to_fp32_row",
    "BF16": "ggml_bf16_to_fp32_row",
    "Q8_0": "dequantize_row_q8_0",
    "Q6_K": "dequantize_row_q6_K",
    "Q5_1": "dequantize_row_q5_1",
    "Q5_0": "dequantize_row_q5_0",
    "Q5_K": "dequantize_row_q5_K",
    "Q4_1": "dequantize_row_q4_1",
    "Q4_0": "dequantize_row_q4_0",
    "Q4_K": "dequantize_row_q4_K",
    "IQ4_NL": "dequantize_row_iq4_nl",
    "IQ4_XS": "dequantize_row_iq4_xs",
    "NVFP4": "dequantize_row_nvfp4",
    "MXFP4": "dequantize_row_mxfp4",
    "Q3_K": "dequantize_row_q3_K",
    "Q2_K": "dequantize_row_q2_K",
}
"""By format. F32 has none: it is stored as it is."""

STOCK_PROBE = 0xF1933E24
"""Checksum of the probe's blocks in the stock x86-64 build, which is compiled without FMA."""


def installed() -> "LibGgml":
    """The library beside the llama_cpp package, which is not imported; FileNotFoundError."""
    package = importlib.util.find_spec("llama_cpp")
    folders = (package.submodule_search_locations or []) if package else []
    for path in (Path(folder) / "lib" / name for folder in folders for name in NAMES):
        if path.is_file():
            return LibGgml(path)
    raise FileNotFoundError(f"llama-cpp-python brings none of {', '.join(NAMES)}; scripts/install")


class LibGgml:
    """ggml's own encoders and decoders, on NumPy arrays.

    `fuses` tells that this build contracts a * b + c to one rounding, as compilers do for aarch64
    and for x86-64 with FMA. Some of its blocks then differ from the stock build's and from ours.
    """

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        self._quantize_chunk = self._library.ggml_quantize_chunk
        self._quantize_chunk.restype = ctypes.c_size_t
        self.fuses = self._probe() != STOCK_PROBE

    def encode(
        self,
        fmt: Format,
        rows: NDArray[np.float32],
        importance: NDArray[np.float32] | None = None,
    ) -> NDArray[np.void]:
        """Blocks (n_rows, n_cols / block) of weights (n_rows, n_cols)."""
        n_rows, n_cols = rows.shape
        source = np.ascontiguousarray(rows)
        blocks = np.empty((n_rows, n_cols // fmt.block), fmt.layout)
        size = self._quantize_chunk(
            ctypes.c_int(fmt.ggml_type),
            _pointer(source),
            _pointer(blocks),
            ctypes.c_int64(0),
            ctypes.c_int64(n_rows),
            ctypes.c_int64(n_cols),
            None if importance is None else _pointer(np.ascontiguousarray(importance)),
        )
        assert size == blocks.nbytes
        return blocks

    def decode(self, fmt: Format, blocks: NDArray[np.void]) -> NDArray[np.float32]:
        """Weights (n_rows, n_blocks * block) of blocks (n_rows, n_blocks)."""
        n_rows, n_blocks = blocks.shape
        source = np.ascontiguousarray(blocks)
        weights = np.empty((n_rows, n_blocks * fmt.block), np.float32)
        decoder = getattr(self._library, DECODERS[fmt.name])
        decoder.restype = None
        decoder(_pointer(source), _pointer(weights), ctypes.c_int64(weights.size))
        return weights

    def _probe(self) -> int:
        """Checksum of blocks of which builds with FMA (gcc -O2, -O3 -mavx2) get 24 wrong."""
        whole = _scrambled_integers(1 << 18)
        blocks = [self.encode(FORMATS["Q4_0"], whole), self.encode(FORMATS["Q6_K"], whole**3)]
        return zlib.crc32(b"".join(each.tobytes() for each in blocks))


def _scrambled_integers(n: int) -> NDArray[np.float32]:
    """-128 .. 127 in rows of 256, in an order that no library's random numbers decide."""
    bits = np.arange(n, dtype=np.uint32)
    for factor in (0x7FEB352D, 0x846CA68B):
        bits ^= bits >> 16
        bits *= np.uint32(factor)
    bits ^= bits >> 15
    return (bits >> 24).astype(np.float32).reshape(-1, 256) - np.float32(128)


def _pointer(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
