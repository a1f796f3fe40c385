"""The one place that imports llama_cpp, at the first use, with its log kept off the terminal."""

import ctypes
import re
from functools import cache
from typing import Any

from llmq.errors import one_line

ERROR_LEVEL = 4  # enum ggml_log_level, GGML_LOG_LEVEL_ERROR in ggml.h
SHORT_VALUE = 64  # bytes: room for a number or for the name of a pre-tokenizer

# llama.cpp's log is one per process: error lines wait here for the next ModelError.
_ERRORS: list[str] = []


def _keep(level: int, text: bytes, _data: object) -> None:
    if level == ERROR_LEVEL:
        _ERRORS.append(one_line(text.decode("utf-8", "replace")))


# void (*ggml_log_callback)(enum ggml_log_level, const char * text, void * user_data), ggml.h;
# llama.cpp keeps only the pointer, so the object lives as long as this module.
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(_keep)


@cache
def library() -> Any:
    """llama.cpp's C functions (llama.h), ready for use."""
    import llama_cpp.llama_cpp

    lib: Any = llama_cpp.llama_cpp
    lib.llama_log_set(_CALLBACK, None)
    lib.llama_backend_init()
    return lib


def last_error() -> str:
    """The first error that llama.cpp logged since the last call, as the tail of a message.

    Later ones only say which caller passed it on.
    """
    first = next(iter(_ERRORS), "")
    _ERRORS.clear()
    reason = re.sub(r"^(\w+: )*(error loading model: )?(\w+: )*", "", first)
    return f": {reason}" if reason else ""


def file_value(model: Any, key: str) -> str:
    """A short value of the GGUF file behind llama.cpp's `model`, or nothing where it has none."""
    room = ctypes.create_string_buffer(SHORT_VALUE)
    length = library().llama_model_meta_val_str(model, key.encode(), room, SHORT_VALUE)
    return room.value.decode("utf-8", "replace") if length > 0 else ""


def pre_tokenizer(model: Any) -> str:
    """The file's name for how text is cut into words; where it has none, its kind of tokenizer."""
    return file_value(model, "tokenizer.ggml.pre") or file_value(model, "tokenizer.ggml.model")


def llama_cpp_version() -> str:
    """The versions of the binding and of llama.cpp itself, for reports."""
    import llama_cpp

    own = library().llama_version().decode("ascii", "replace")
    return f"llama-cpp-python {llama_cpp.__version__}, llama.cpp {own}"
