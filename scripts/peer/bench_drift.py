"""Measure what `llmq drift` costs beside bare passes of llama.cpp over the same tokens.

    scripts/bench drift BASE.gguf QUANT.gguf... [--suite NAME|FILE] [--threads N] [--runs 3]
    scripts/bench drift --size 0.5B [--recipe Q4_K_M] [--scored 6000] [--threads N] [--runs 3]

Without files, a base in BF16 and a file in --recipe are made of random weights under build/bench,
with the bundled tutor's tokenizer, so that dialogues are as long as they usually are. With
--scored, as many dialogues are read as hold so many tokens to score, of the suite and of the other
built-in ones.

A bare pass is a loop of llama_decode over one file: the same tokens, at most as many in a batch,
the same logits asked for and none of them read, without the time for opening the file. It is
measured in the context that drift opens and in llama.cpp's default one (flash attention, a cache of
16 bits, weights laid out anew). The command is measured as a whole: start, opening, hashing, the
base and all files, comparison, table. All run in turn; each number is the median over the turns.
Its memory is the most that was resident, mapped files too (VmHWM, Linux), beside the files' sizes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from llmq import convert
from llmq.processors import cores
from llmq.recipes.table import RECIPES
from llmq.runtime import open_reader
from llmq.runtime.binding import library
from llmq.runtime.decoder import BATCH_TOKENS
from llmq.suites import Suite, read_suite
from llmq_eval.drift import BUILTIN_SUITES, builtin_suite
from llmq_eval.likelihood import Passage
from llmq_eval.material import suite_material
from llmq_eval.measuring import longest_context, opened, read_alike
from llmq_peer.chat_memory import peak_while
from llmq_peer.random_checkpoint import write_checkpoint
from scripts.peer.commands import ROOT

TUTOR = ROOT / "eval" / "tutor"
CONTEXTS = {"as drift opens it": True, "llama.cpp's default": False}


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds, and for the command the bytes that were resident."""

    seconds: float
    peak_bytes: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="the base comes first")
    parser.add_argument("--size", choices=["130M", "0.5B", "1.1B"], default="0.5B")
    parser.add_argument("--recipe", choices=RECIPES, default="Q4_K_M")
    parser.add_argument("--scored", type=int)
    parser.add_argument("--suite", default=BUILTIN_SUITES[0])
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    files = arguments.files or random_pair(arguments.size, arguments.recipe)
    with tempfile.TemporaryDirectory() as folder:
        suite = arguments.suite
        if arguments.scored:
            suite = str(shortened(files, suite, arguments.scored, Path(folder)))
        measure(files, suite, threads=arguments.threads, runs=arguments.runs)
    return 0


def random_pair(size: str, recipe: str) -> list[Path]:
    """A base and a file in `recipe` of random weights, made where they are not there."""
    folder = ROOT / "build" / "bench"
    source = folder / f"{size}-of-tutors-tokens"
    if not source.exists():
        write_checkpoint(source, size=size, shards=3)
        for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
            shutil.copy(TUTOR / name, source / name)
        config = json.loads((source / "config.json").read_text())
        tutor = json.loads((TUTOR / "config.json").read_text())
        ends = {key: tutor[key] for key in ("bos_token_id", "eos_token_id") if key in tutor}
        (source / "config.json").write_text(json.dumps(config | ends))
    files = [folder / f"{size}-{name}.gguf" for name in ("BF16", recipe)]
    for file, name in zip(files, ("BF16", recipe), strict=True):
        if not file.exists():
            convert(source, file, recipe=name, load_check=False)
    return files


def measure(files: Sequence[Path], suite: str, *, threads: int, runs: int) -> None:
    """Everything in turn, and the table."""
    passages, n_ctx = read(files, suite)
    works: dict[tuple[str, str], Callable[[], Cost]] = {
        ("llmq drift", ""): partial(command, files, suite, threads)
    }
    for path in files:
        for name, exact in CONTEXTS.items():
            works[path.name, name] = partial(
                bare_pass, path, passages, n_ctx=n_ctx, threads=threads, exact=exact
            )
    turns = []
    for turn in range(runs):
        turns.append({key: work() for key, work in works.items()})
        print(f"turn {turn + 1} of {runs} is done", file=sys.stderr)
    seconds = {key: median(turn[key].seconds for turn in turns) for key in works}
    peak = max(turn["llmq drift", ""].peak_bytes for turn in turns)
    show(seconds, passages, peak=peak, sizes=[file.stat().st_size for file in files])


def show(
    seconds: Mapping[tuple[str, str], float],
    passages: Sequence[Passage],
    *,
    peak: int,
    sizes: Sequence[int],
) -> None:
    """The table: seconds of everything, the command in bare passes of all files, its memory."""
    n_read = sum(max(passage.scored) for passage in passages)
    n_scored = sum(len(passage.scored) for passage in passages)
    table = Table("what", "context", "", title=f"{n_read} tokens, {n_scored} scored")
    for (what, context), number in seconds.items():
        table.add_row(what, context, f"{number:.2f} s")
    whole = seconds["llmq drift", ""]
    for context in CONTEXTS:
        bare = sum(number for (_, name), number in seconds.items() if name == context)
        table.add_row("llmq drift / bare passes of all files", context, f"{whole / bare:.2f}")
    table.add_row("peak memory of llmq drift", "", f"{peak / 1e6:.0f} MB")
    table.add_row("beyond the files' sizes", "", f"{(peak - sum(sizes)) / 1e6:.0f} MB")
    Console(width=110).print(table)


def shortened(files: Sequence[Path], suite: str, n_scored: int, folder: Path) -> Path:
    """A suite of as many dialogues as hold so many tokens to score."""
    chosen, found = [], 0
    names = list(dict.fromkeys((suite, *BUILTIN_SUITES)))
    for name, named in ((name, suite_named(name)) for name in names):
        if found >= n_scored or not named.dialogues:
            continue
        material = suite_material(named)
        with open_reader(files[0], fixed_date=True) as reader:
            documents = material.documents(reader)  # type: ignore[arg-type]  # computes nothing
        for document, talk in zip(documents, named.dialogues, strict=True):
            messages = [asdict(message) for message in talk.messages]
            chosen.append({"id": f"{name}/{talk.id}", "messages": messages})
            found += document.n_scored
            if found >= n_scored:
                break
    file = folder / "suite.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in chosen), encoding="utf-8")
    return file


def suite_named(suite: str) -> Suite:
    """A built-in suite, or that of a file."""
    return builtin_suite(suite) if suite in BUILTIN_SUITES else read_suite(Path(suite))


def read(files: Sequence[Path], suite: str) -> tuple[list[Passage], int]:
    """What drift reads of the suite, and in which context."""
    dialogues = suite_named(suite)
    material = suite_material(dialogues)
    n_ctx = longest_context(files[1], material, dialogues)
    with opened(files, n_ctx=n_ctx, threads=1) as models:
        documents = read_alike(models, material)
        passages = [p for document in documents for p in document.passages if p.scored]
        return passages, min(model.n_ctx for model in models)


def command(files: Sequence[Path], suite: str, threads: int) -> Cost:
    """The whole command."""
    line = [sys.executable, "-m", "llmq.cli", "drift", *map(str, files)]
    line += ["--suite", suite, "--threads", str(threads)]
    started = time.perf_counter()
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        peak = peak_while(process)
    if process.returncode:
        raise SystemExit(f"{line} failed")
    return Cost(time.perf_counter() - started, peak)


def bare_pass(
    path: Path, passages: Sequence[Passage], *, n_ctx: int, threads: int, exact: bool
) -> Cost:
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
        return Cost(time.perf_counter() - started)


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
