"""Measure what `llmq drift` costs beside bare passes of llama.cpp over the same tokens.

    scripts/bench drift BASE.gguf QUANT.gguf... [--suite NAME|FILE] [--threads N] [--runs 3]

A bare pass is a loop of llama_decode over one file: the same tokens, at most as many in a batch,
the same logits asked for and none of them read, without the time for opening the file. It is
measured in the context that drift opens and in llama.cpp's default one (flash attention, a cache of
16 bits, weights laid out anew). The command is measured as a whole: start, opening, hashing, the
base and all files, comparison, table. All run in turn; each number is the median over the turns.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from llmq.processors import cores
from llmq.runtime.binding import library
from llmq.runtime.decoder import BATCH_TOKENS
from llmq.suites import read_suite
from llmq_eval.drift import BUILTIN_SUITES, builtin_suite
from llmq_eval.likelihood import Passage
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened, read_alike

CONTEXTS = {"as drift opens it": True, "llama.cpp's default": False}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the base comes first")
    parser.add_argument("--suite", default=BUILTIN_SUITES[0])
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    passages, n_ctx = read(arguments.files, arguments.suite)
    works: dict[tuple[str, str], Callable[[], float]] = {
        ("llmq drift", ""): partial(command, arguments)
    }
    for path in arguments.files:
        for name, exact in CONTEXTS.items():
            works[path.name, name] = partial(
                bare_pass, path, passages, n_ctx=n_ctx, threads=arguments.threads, exact=exact
            )
    turns = [{key: work() for key, work in works.items()} for _ in range(arguments.runs)]
    show({key: median(turn[key] for turn in turns) for key in works}, passages)
    return 0


def show(seconds: dict[tuple[str, str], float], passages: Sequence[Passage]) -> None:
    """The table: seconds of everything, and the command in bare passes."""
    n_read = sum(max(passage.scored) for passage in passages)
    n_scored = sum(len(passage.scored) for passage in passages)
    table = Table("what", "context", "seconds", title=f"{n_read} tokens, {n_scored} scored")
    for (what, context), number in seconds.items():
        table.add_row(what, context, f"{number:.2f}")
    whole, bare = seconds["llmq drift", ""], list(seconds.items())[1:]
    for context in CONTEXTS:
        passes = [number for (_, name), number in bare if name == context]
        mean = sum(passes) / len(passes)
        table.add_row("llmq drift in passes of the base", context, f"{whole / passes[0]:.2f}")
        table.add_row("llmq drift in mean passes of all files", context, f"{whole / mean:.2f}")
    Console(width=110).print(table)


def read(files: Sequence[Path], suite: str) -> tuple[list[Passage], int]:
    """What drift reads of the suite, and in which context."""
    named = builtin_suite(suite) if suite in BUILTIN_SUITES else read_suite(Path(suite))
    material = suite_material(named)
    with opened(files, n_ctx=material.n_ctx, threads=1) as models:
        documents = read_alike(models, material)
        passages = [p for document in documents for p in document.passages if p.scored]
        return passages, min(material.n_ctx, *(model.n_ctx for model in models))


def command(arguments: argparse.Namespace) -> float:
    """Seconds of the whole command."""
    line = [sys.executable, "-m", "llmq.cli", "drift", *map(str, arguments.files)]
    line += ["--suite", arguments.suite, "--threads", str(arguments.threads)]
    started = time.perf_counter()
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def bare_pass(
    path: Path, passages: Sequence[Passage], *, n_ctx: int, threads: int, exact: bool
) -> float:
    """Seconds that llama_decode takes for the passages."""
    lib = library()
    with ExitStack() as resources:
        loading = lib.llama_model_default_params()
        loading.use_extra_bufts = not exact
        model = lib.llama_model_load_from_file(os.fsencode(path), loading)
        resources.callback(lib.llama_model_free, model)
        settings = lib.llama_context_default_params()
        settings.n_ctx = n_ctx
        settings.n_batch = settings.n_ubatch = settings.n_outputs_max = BATCH_TOKENS
        settings.n_threads = settings.n_threads_batch = threads
        if exact:
            settings.flash_attn_type = settings.type_k = settings.type_v = 0  # none, and F32
        context = lib.llama_init_from_model(model, settings)
        resources.callback(lib.llama_free, context)
        batch = lib.llama_batch_init(BATCH_TOKENS, 0, 1)
        resources.callback(lib.llama_batch_free, batch)
        decode(lib, context, batch, passages[0])  # a first time, to get the weights into memory
        started = time.perf_counter()
        for passage in passages:
            decode(lib, context, batch, passage)
        return time.perf_counter() - started


def decode(lib: Any, context: Any, batch: Any, passage: Passage) -> None:
    """Compute the logits that predict the scored tokens of one passage."""
    wanted = {index - 1 for index in passage.scored}
    tokens = passage.tokens[: max(passage.scored)]
    lib.llama_memory_clear(lib.llama_get_memory(context), True)
    for start in range(0, len(tokens), BATCH_TOKENS):
        part = tokens[start : start + BATCH_TOKENS]
        batch.n_tokens = len(part)
        for i, token in enumerate(part):
            batch.token[i], batch.pos[i] = token, start + i
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
            batch.logits[i] = start + i in wanted
        if lib.llama_decode(context, batch) != 0:
            raise SystemExit("llama_decode failed")
    lib.llama_synchronize(context)


if __name__ == "__main__":
    sys.exit(main())
