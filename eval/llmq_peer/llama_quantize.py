"""llama-quantize as the oracle of recipes: the library call that the tool is made of."""

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from llmq.files.gguf import GgufFile, open_gguf
from llmq.recipes.overrides import Overrides
from llmq.runtime.binding import library
from llmq_kernels import FORMATS

Rows = NDArray[np.float32]


class ImatrixData(ctypes.Structure):
    """`llama_model_imatrix_data`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("data", ctypes.POINTER(ctypes.c_float)),
        ("size", ctypes.c_size_t),
    )


class TensorOverride(ctypes.Structure):
    """`llama_model_tensor_override`."""

    _fields_ = (("pattern", ctypes.c_char_p), ("type", ctypes.c_int))


def quantize(
    source: Path,
    output: Path,
    file_type: int,
    importance: Mapping[str, Rows] | None = None,
    overrides: Overrides | None = None,
) -> GgufFile:
    """What llama-quantize makes of `source`; RuntimeError where it refuses."""
    overrides = overrides or Overrides()
    settings: Any = llama_cpp.llama_model_quantize_default_params()
    settings.ftype, settings.nthread, settings.pure = file_type, 1, overrides.pure
    settings.allow_requantize = True
    if overrides.output:
        settings.output_tensor_type = FORMATS[overrides.output].ggml_type
    if overrides.embedding:
        settings.token_embedding_type = FORMATS[overrides.embedding].ggml_type
    flat = {
        name: np.ascontiguousarray(rows, np.float32) for name, rows in (importance or {}).items()
    }
    if importance:
        settings.imatrix = _as_field("imatrix", _importance(flat))
    if overrides.tensors:
        settings.tt_overrides = _as_field("tt_overrides", _types(overrides))
    library()  # with its log kept off the terminal
    status = llama_cpp.llama_model_quantize(
        str(source).encode(), str(output).encode(), ctypes.byref(settings)
    )
    if status:
        raise RuntimeError(f"llama_model_quantize failed on {source} with {status}")
    return open_gguf(output)


def _as_field(name: str, values: Any) -> Any:
    """A pointer to `values` of the type that the settings have for `name`."""
    fields: Sequence[Any] = llama_cpp.llama_model_quantize_params._fields_
    kind = next(field[1] for field in fields if field[0] == name)
    return ctypes.cast(values, kind)


def _importance(flat: Mapping[str, Rows]) -> Any:
    pointer = ctypes.POINTER(ctypes.c_float)
    entries = [
        ImatrixData(name.encode(), rows.ctypes.data_as(pointer), rows.size)
        for name, rows in flat.items()
    ]
    return (ImatrixData * (len(entries) + 1))(*entries)


def _types(overrides: Overrides) -> Any:
    entries = [
        TensorOverride(each.pattern.lower().encode(), FORMATS[each.format].ggml_type)
        for each in overrides.tensors
    ]
    return (TensorOverride * (len(entries) + 1))(*entries, TensorOverride(None, 0))
