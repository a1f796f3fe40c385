"""Opening a GGUF file with llama.cpp: checked first, and a failure is one line."""

import ctypes
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmq.errors import ModelError
from llmq.files.gguf import MAGIC
from llmq.files.plain import check_plain
from llmq.files.stand_ins import LOOKED_AT, check_no_stand_in
from llmq.interrupts import interrupts_deferred
from llmq.processors import free_cores
from llmq.runtime.adapter import apply_adapter
from llmq.runtime.binding import last_error, library
from llmq.runtime.decoder import BATCH_TOKENS, OUTPUT_ROWS, Handles
from llmq.runtime.how import CACHE_TYPES, CHAT, How
from llmq.runtime.model import Model
from llmq.runtime.reader import Opened, Reader

CONTEXT_LIMIT = 4096  # tokens: the default context is the model's own, but no more than this
FLASH_ATTENTION_OFF = 0  # enum llama_flash_attn_type, LLAMA_FLASH_ATTN_TYPE_DISABLED
SCORE_BYTES, MOST_SCORES_BYTES = 4, 64_000_000  # F32; of a model of 0.5 B weights 59 MB
NO_GPU = "llama.cpp finds no GPU here, so the CPU computes"
READ, MAPPED = 0, 1  # enum llama_load_mode, LLAMA_LOAD_MODE_NONE and LLAMA_LOAD_MODE_MMAP


def open_model(
    path: Path,
    *,
    n_ctx: int | None = None,
    threads: int | None = None,
    how: How = CHAT,
    fixed_date: bool = False,
    adapter: Path | None = None,
) -> Model:
    """Open a GGUF file, with a LoRA adapter in another one if given.

    `n_ctx` is the context in tokens, never more than the model was trained for, `threads`
    the number of threads (default: every core that is free). Where no GPU takes the layers that
    `how` gives it, the CPU computes them, and `Model.remark` says so. With `fixed_date` the chat
    template's today is FIXED_DATE. Raises ModelError for whatever llama.cpp cannot open.
    """
    check_magic(path)
    if adapter:
        check_magic(adapter)
    for name, number in (("n_ctx", n_ctx), ("threads", threads)):
        if number is not None and number < 1:
            raise ModelError(f"{name} is {number}, and has to be 1 or more")
    on_cpu, remark = replace(how, gpu_layers=0), ""
    if how.gpu_layers and not library().llama_supports_gpu_offload():
        how, remark = on_cpu, NO_GPU
    try:
        handles = _opened(path, n_ctx, threads, how, adapter)
    except ModelError as error:
        if how == on_cpu:
            raise
        handles = _opened(path, n_ctx, threads, on_cpu, adapter)
        how, remark = on_cpu, f"the GPU did not take it, so the CPU computes: {error}"
    return Model(path, handles, how=how, remark=remark, fixed_date=fixed_date)


def _opened(
    path: Path, n_ctx: int | None, threads: int | None, how: How, adapter: Path | None
) -> Handles:
    """The file with a context; raises ModelError."""
    # llama.cpp calls back for each line of its log, and what is raised there is printed and lost.
    with ExitStack() as resources, interrupts_deferred():
        lib = library()
        last_error()  # forget what an earlier call left
        settings = lib.llama_model_default_params()
        settings.n_gpu_layers = how.gpu_layers
        no_devices = (ctypes.c_void_p * 1)(None)
        if not how.gpu_layers:  # or a GPU would still multiply what is large
            settings.devices = ctypes.cast(no_devices, ctypes.c_void_p)
        settings.use_extra_bufts = not how.exact
        # Copies laid out anew would stand beside a mapped file: the weights twice in memory.
        settings.load_mode = MAPPED if how.exact else READ
        model = lib.llama_model_load_from_file(os.fsencode(path), settings)
        if not model:
            raise ModelError(f"llama.cpp cannot open {path}{last_error()}")
        resources.callback(lib.llama_model_free, model)
        # A context of 2^31 tokens and more comes as a negative number.
        n_ctx = min(n_ctx or CONTEXT_LIMIT, lib.llama_model_n_ctx_train(model))
        chosen = _context_settings(n_ctx, threads, how, lib.llama_model_n_head(model))
        context = lib.llama_init_from_model(model, chosen) if n_ctx > 0 else None
        if not context or not lib.llama_get_memory(context):
            raise ModelError(f"llama.cpp cannot run {path} as a language model{last_error()}")
        resources.callback(lib.llama_free, context)
        if adapter:
            apply_adapter(model, context, adapter=adapter, path=path)
        batch = lib.llama_batch_init(BATCH_TOKENS, 0, 1)
        resources.callback(lib.llama_batch_free, batch)
        vocab = lib.llama_model_get_vocab(model)
        return Handles(model, vocab, resources.pop_all(), context, chosen, n_ctx, batch)
    raise AssertionError("unreachable: an ExitStack without callbacks swallows no error")


def open_reader(path: Path, *, fixed_date: bool = False) -> Reader:
    """Open only the vocabulary and the chat template of a GGUF file, which need no tensors.

    Raises ModelError for whatever llama.cpp cannot open.
    """
    check_magic(path)
    with ExitStack() as resources, interrupts_deferred():
        lib = library()
        last_error()  # forget what an earlier call left
        settings = lib.llama_model_default_params()
        settings.vocab_only = True
        model = lib.llama_model_load_from_file(os.fsencode(path), settings)
        if not model:
            raise ModelError(f"llama.cpp cannot open {path}{last_error()}")
        resources.callback(lib.llama_model_free, model)
        opened = Opened(model, lib.llama_model_get_vocab(model), resources.pop_all())
        return Reader(path, opened, fixed_date=fixed_date)
    raise AssertionError("unreachable: an ExitStack without callbacks swallows no error")


def _context_settings(n_ctx: int, threads: int | None, how: How, n_heads: int) -> Any:
    lib = library()
    settings = lib.llama_context_default_params()
    settings.n_ctx = n_ctx
    settings.n_batch = settings.n_ubatch = BATCH_TOKENS
    settings.n_outputs_max = OUTPUT_ROWS
    settings.n_threads = settings.n_threads_batch = threads or free_cores()
    settings.type_k = settings.type_v = CACHE_TYPES[how.cache_type].number
    if how.exact or scores_bytes(n_heads, n_ctx, how):
        settings.flash_attn_type = FLASH_ATTENTION_OFF
    return settings


def scores_bytes(n_heads: int, n_ctx: int, how: How) -> int:
    """The room for a batch's attention to the whole context at once; 0 where it is flash attention.

    On a CPU, flash attention takes fewer than 64 tokens one by one (`use_tiled` in ggml-cpu's
    ops.cpp), and what a student says is fewer. A small model, whose attention is much of its work,
    reads them in half the time without it when 1,000 tokens stand before them (scripts/bench
    turns); a large one gains little, and would take hundreds of megabytes. What is kept in blocks
    needs it (llama_init_from_model).
    """
    n_bytes = n_heads * n_ctx * BATCH_TOKENS * SCORE_BYTES
    in_blocks = CACHE_TYPES[how.cache_type].n_bytes < CACHE_TYPES["F16"].n_bytes
    return 0 if how.gpu_layers or in_blocks or n_bytes > MOST_SCORES_BYTES else n_bytes


def check_magic(path: Path) -> None:
    """Raise ModelError for a file that cannot be read or does not begin as GGUF does."""
    check_plain(path, ModelError)
    try:
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror}") from error
    if not start:
        raise ModelError(f"{path} is empty")
    if not start.startswith(MAGIC):
        check_no_stand_in(path, start, ModelError)
        shown = start[: len(MAGIC)].decode("latin-1")
        raise ModelError(
            f"{path} is not a GGUF file: it begins with {shown!r}, not {MAGIC.decode()!r}"
        )
