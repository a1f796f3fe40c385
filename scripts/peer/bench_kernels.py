"""Measure the speed of the kernels against ggml's, in alternating runs on the same weights.

    scripts/bench kernels [--formats Q4_K Q6_K] [--runs 7] [--write]
    scripts/bench kernels --against DIR [--formats Q4_K Q6_K] [--runs 5]

One process of ours is measured against one thread of ggml_quantize_chunk, and two against two: each
of the two gets the whole of the weights. Decoding is measured against the gguf package. Ratios are
medians over the runs, with the least and the largest; above 1 ours is faster. --write puts the
tables into kernels/SPEED.md. --against measures another checkout's kernels instead of ggml's.
"""

import argparse
import multiprocessing
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median

import gguf
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from llmq_kernels import FORMATS, Encoder, Format
from llmq_peer.libggml import installed
from scripts.peer.commands import ROOT
from scripts.peer.kernel_weights import SECONDS, WEIGHTS, importance, weights
from scripts.peer.kernels_against import against

TABLES = ROOT / "kernels" / "SPEED.md"


@dataclass(frozen=True)
class Task:
    """One way of encoding the weights."""

    format: str
    encoder: Encoder
    importance: bool

    @property
    def arguments(self) -> tuple[Format, NDArray[np.float32], NDArray[np.float32] | None]:
        """The format, the weights and their importance."""
        return FORMATS[self.format], weights(), importance() if self.importance else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--formats", nargs="+", choices=QUANTIZERS, default=QUANTIZERS)
    parser.add_argument("--runs", type=int, help="of each; default: 7, with --against 5")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help=f"write the tables to {TABLES.name}")
    what.add_argument("--against", type=Path, metavar="DIR", help="another checkout of llmq")
    arguments = parser.parse_args()
    lines = [f"Measured on {machine()}.", ""]
    if arguments.against:
        if not (arguments.against / "kernels" / "llmq_kernels").is_dir():
            parser.error(f"{arguments.against} is no checkout: it has no kernels/llmq_kernels")
        other = arguments.against.resolve()
        lines += against(other, arguments.formats, arguments.runs or 5)
    else:
        runs = arguments.runs or 7
        lines += [*encoding(arguments.formats, runs), "", *decoding(arguments.formats, runs)]
    print("\n".join(lines))
    if arguments.write:
        write(TABLES, "\n".join(lines))
    return 0


QUANTIZERS = [name for name, fmt in FORMATS.items() if fmt.block > 1]

HEAD = """\
| format | encoder | importance | M weights/s, one | ratio, one | M weights/s, two | ratio, two | two / one |
|---|---|---|---|---|---|---|---|"""


def encoding(formats: list[str], runs: int) -> Iterator[str]:
    """Rows of the table of encoders."""
    yield HEAD
    tasks = [
        Task(name, encoder, importance)
        for name in formats
        for encoder in Encoder
        for importance in (False, True)
        if encoder in FORMATS[name].encoders
    ]
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(2, mp_context=spawn, initializer=weights) as ours,
        ThreadPoolExecutor(2) as theirs,
    ):
        both(ours, encode, tasks[0], 300, 2)  # either process starts, and gets to its full speed
        for task in tasks:
            report(f"{task.format} {task.encoder}{' with importance' * task.importance}")
            times = round(SECONDS / timed(partial(ggml, task, 1))) or 1
            one, two = (
                compared(
                    partial(both, ours, encode, task, times, number),
                    partial(both, theirs, ggml, task, times, number),
                    runs,
                )
                for number in (1, 2)
            )
            speeds = WEIGHTS / one.ours / 1e6, 2 * WEIGHTS / two.ours / 1e6
            yield (
                f"| {task.format} | {task.encoder} | {'yes' if task.importance else ''} "
                f"| {speeds[0]:.1f} | {one.ratio} | {speeds[1]:.1f} | {two.ratio} "
                f"| {speeds[1] / speeds[0]:.2f} |"
            )


def decoding(formats: list[str], runs: int) -> Iterator[str]:
    """Rows of the table of decoders."""
    yield "| format | M weights/s decoded | ratio to gguf |"
    yield "|---|---|---|"
    for name in formats:
        report(f"{name} decoding")
        fmt = FORMATS[name]
        blocks = fmt.encode(weights(), encoder=Encoder.GGML)
        stored = blocks.view(np.uint8).reshape(len(blocks), -1)
        kind = gguf.GGMLQuantizationType[name]
        result = compared(
            partial(timed, partial(fmt.decode, blocks)),
            partial(timed, partial(gguf.quants.dequantize, stored, kind)),
            runs,
        )
        yield f"| {name} | {WEIGHTS / result.ours / 1e6:.0f} | {result.ratio} |"


@dataclass(frozen=True)
class Comparison:
    """Seconds of our median run, and the ratio to theirs."""

    ours: float
    ratio: str


def compared(ours: Callable[[], float], theirs: Callable[[], float], runs: int) -> Comparison:
    """Run the two in turns; the first run of each only warms up."""
    pairs = [(ours(), theirs()) for _ in range(runs + 1)][1:]
    ratios = sorted(their / our for our, their in pairs)
    ratio = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    return Comparison(median(our for our, _ in pairs), ratio)


def both(
    workers: Executor, work: Callable[[Task, int], None], task: Task, times: int, number: int
) -> float:
    """Seconds for the task, where `number` workers all do it several times."""
    seconds = timed(
        lambda: [
            done.result() for done in [workers.submit(work, task, times) for _ in range(number)]
        ]
    )
    return seconds / times


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def encode(task: Task, times: int) -> None:
    """Our encoder."""
    fmt, rows, row = task.arguments
    for _ in range(times):
        fmt.encode(rows, row, encoder=task.encoder)


library = cache(installed)


def ggml(task: Task, times: int) -> None:
    """The C library's."""
    for _ in range(times):
        library().encode(*task.arguments)


def machine() -> str:
    """The processor, the number of cores, and the versions that matter."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*: (.*)", info.read_text())
        cpu = found[1] if found else cpu
    return (
        f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"
    )


def report(what: str) -> None:
    """Tell what is being measured."""
    Console(stderr=True).print(what, highlight=False)


def write(path: Path, text: str) -> None:
    """Put the text between the marks."""
    before, begin, rest = path.read_text(encoding="utf-8").partition("<!-- speed: begin")
    mark, _, rest = rest.partition("-->\n")
    _, end, after = rest.partition("<!-- speed: end -->")
    assert end, f"{path} has no place for the tables"
    path.write_text(f"{before}{begin}{mark}-->\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
