"""A LoRA adapter in a GGUF file, beside the model that it belongs to."""

import ctypes
import os
from pathlib import Path
from typing import Any

from llmq.errors import ModelError
from llmq.files.gguf import open_gguf
from llmq.runtime.binding import last_error, library

TYPE, LORA = "general.type", "adapter"  # what llama.cpp's convert_lora_to_gguf.py writes


def apply_adapter(model: Any, context: Any, *, adapter: Path, path: Path) -> None:
    """Have llama.cpp add `adapter` to the model of the file `path`, as far as it lives.

    Raises ModelError for what is no adapter, or another model's.
    """
    if open_gguf(adapter).metadata.get(TYPE) != LORA:
        raise ModelError(
            f"{adapter} is a GGUF file but no LoRA adapter: its {TYPE} is not {LORA!r}; name it as the model itself"
        )
    lib = library()
    last_error()  # forget what an earlier call left
    opened = lib.llama_adapter_lora_init(model, os.fsencode(adapter))
    if not opened:
        raise ModelError(f"the adapter {adapter} does not fit {path}{last_error()}")
    adapters = (lib.llama_adapter_lora_p_ctypes * 1)(opened)
    if lib.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)):
        raise ModelError(f"the adapter {adapter} cannot be used with {path}{last_error()}")
