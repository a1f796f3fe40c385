"""A process of its own that tries a GGUF file and says how far it came; `llmq.load_check` runs it.

    python -m llmq.runtime.trial FILE [FOLDER]

A file that no table foresaw can end the process that opens it, so this is done where nothing is
lost. Each line on standard output is a JSON object: {"doing": ...} before a step, in the end
{"error": ..., "kind": ...} or {"done": true}. Weights are mapped, not copied or repacked, and the
context is small, so trying a file costs little more than reading it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from llmq.children import private_output
from llmq.errors import LlmqError, ModelError
from llmq.runtime.binding import file_value, last_error, library, pre_tokenizer
from llmq.runtime.vocabulary import Vocabulary
from llmq.tokenizer.probe_texts import WORDS, probe_texts
from llmq.tokenizer.reference import check_same_ids

N_CTX = 64  # tokens
N_TOKENS = 4  # computed with


def main() -> None:
    """Try the file that the command line names."""
    say = private_output()
    file, *folder = (Path(argument) for argument in sys.argv[1:])
    try:
        for step in attempt(file, *folder):
            say({"doing": step})
    except (LlmqError, ImportError, OSError) as error:
        kind = error if isinstance(error, LlmqError) else ModelError()
        say({"error": str(error), "kind": type(kind).__name__})
    else:
        say({"done": True})


def attempt(file: Path, folder: Path | None = None) -> Iterator[str]:
    """Open the file, cut texts as the model in `folder` does, compute; yields each step first."""
    yield "opening it"
    lib = library()
    last_error()  # forget what the start of the library left
    with ExitStack() as resources:
        settings = lib.llama_model_default_params()
        settings.n_gpu_layers = 0
        settings.use_extra_bufts = False
        model = lib.llama_model_load_from_file(os.fsencode(file), settings)
        if not model:
            raise ModelError(f"llama.cpp cannot open it{last_error()}")
        resources.callback(lib.llama_model_free, model)
        tokens = [0]
        if lib.llama_vocab_type(lib.llama_model_get_vocab(model)):  # 0: it has none
            yield "cutting texts into tokens"
            tokens = _tokenized(file, model, folder)
        yield "computing with it"
        context = _context(model)
        if not context:
            raise ModelError(f"llama.cpp cannot compute with it{last_error()}")
        resources.callback(lib.llama_free, context)
        _compute(model, context, tokens[:N_TOKENS])


def _tokenized(file: Path, model: Any, folder: Path | None) -> list[int]:
    """The tokens of a text, after those of all texts were compared, if there is with what."""
    kind, pre = file_value(model, "tokenizer.ggml.model"), pre_tokenizer(model)
    vocabulary = Vocabulary(file, library().llama_model_get_vocab(model), pre=pre)
    if folder is not None:
        words = kind != "llama"  # it puts a space behind them, which is said (spaces.py)
        texts = probe_texts(kind, pre)
        check_same_ids(folder, texts, vocabulary.tokenize, vocabulary.n_tokens, words=words)
    return vocabulary.tokenize(WORDS.texts[1]) or [0]


def _context(model: Any) -> Any:
    lib = library()
    settings = lib.llama_context_default_params()
    settings.n_ctx = N_CTX
    settings.n_batch = settings.n_ubatch = N_TOKENS
    settings.n_threads = settings.n_threads_batch = 1  # others would spin where the machine is busy
    return lib.llama_init_from_model(model, settings)


def _compute(model: Any, context: Any, tokens: list[int]) -> None:
    lib = library()
    n_vocab = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
    array = (lib.llama_token * len(tokens))(*tokens)
    status = lib.llama_decode(context, lib.llama_batch_get_one(array, len(tokens)))
    if status != 0:
        raise ModelError(f"llama.cpp cannot compute with it ({status}){last_error()}")
    logits = np.ctypeslib.as_array(lib.llama_get_logits_ith(context, -1), (n_vocab,))
    if not np.isfinite(logits).all():
        raise ModelError("what llama.cpp computes with it is no number; are its weights damaged?")


if __name__ == "__main__":
    main()
