"""Measure the cost of a conversion: seconds, processor seconds, peak memory, ours and the peer's.

    scripts/bench convert [--size 1.1B] [--recipes Q8_0 Q4_K_M Q4_0] [--runs 3]

A checkpoint of random weights is made under build/bench if it is not there. The peer is
convert_hf_to_gguf to BF16 and llama-quantize after it, in as many threads as there are processors.
All commands of a recipe run in turn, and each number is the median over the turns. Memory is the
anonymous memory of all processes of a command together, sampled ten times a second (Linux only).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

from llmq.recipes.table import RECIPES
from llmq_kernels import FORMATS, Encoder
from llmq_peer.random_checkpoint import SIZES, write_checkpoint
from scripts.peer.commands import ROOT, converter, quantizer


@dataclass(frozen=True)
class Cost:
    """What one command took; `anonymous_bytes` is its peak over time."""

    seconds: float
    processor_seconds: float
    anonymous_bytes: float

    def __add__(self, other: "Cost") -> "Cost":
        """One command after the other."""
        return Cost(
            self.seconds + other.seconds,
            self.processor_seconds + other.processor_seconds,
            max(self.anonymous_bytes, other.anonymous_bytes),
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="1.1B")
    parser.add_argument("--recipes", nargs="+", default=["Q8_0", "Q4_K_M", "Q4_0"])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folder = ROOT / "build" / "bench"
    source = folder / arguments.size
    if not source.exists():
        write_checkpoint(source, size=arguments.size, shards=3)
    table = Table("recipe", "command", "seconds", "processor seconds", "anonymous MB")
    base = folder / "peer-BF16.gguf"
    peer = converter(source, base, outtype="bf16", pre="gpt-2")
    converted = typical(measured(peer) for _ in range(arguments.runs))
    for recipe in arguments.recipes:
        commands = {
            f"llmq convert --encoder {encoder}": ours(source, folder / "ours.gguf", recipe, encoder)
            for encoder in encoders_of(recipe)
        }
        commands["llama-quantize"] = quantizer(
            base, folder / "peer.gguf", recipe, threads=os.cpu_count() or 1
        )
        turns = [
            {name: measured(command) for name, command in commands.items()}
            for _ in range(arguments.runs)
        ]
        rows = {name: typical(turn[name] for turn in turns) for name in commands}
        rows["convert_hf_to_gguf + llama-quantize"] = converted + rows["llama-quantize"]
        for name, cost in rows.items():
            numbers = (cost.seconds, cost.processor_seconds, cost.anonymous_bytes / 1e6)
            table.add_row(recipe, name, *(f"{number:.1f}" for number in numbers))
    Console(width=110).print(table)
    return 0


def encoders_of(recipe: str) -> list[Encoder]:
    """The encoders that the recipe's main format has."""
    searched = Encoder.SEARCH in FORMATS[RECIPES[recipe].base].encoders
    return [Encoder.GGML, *([Encoder.SEARCH] if searched else [])]


def typical(costs: Iterable[Cost]) -> Cost:
    """The medians of several runs."""
    return Cost(*map(median, zip(*map(astuple, costs), strict=True)))


def ours(source: Path, output: Path, recipe: str, encoder: Encoder) -> list[str]:
    """`llmq convert`."""
    command = [sys.executable, "-m", "llmq.cli", "convert", str(source), "-o", str(output)]
    return [*command, "--force", "--recipe", recipe, "--encoder", encoder]


def measured(command: list[str]) -> Cost:
    """Run a command and measure it with all its children."""
    started = time.perf_counter()
    processor: dict[int, float] = {}
    peak = 0
    with tempfile.TemporaryFile() as errors:  # a pipe that is not emptied would stop the command
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            peak = max(peak, sample(process, processor))
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"{command} failed:\n{said[-2000:]}")
    return Cost(seconds, sum(processor.values()), peak)


def sample(process: psutil.Popen, processor: dict[int, float]) -> int:
    """Note the processor seconds of each of the processes; their anonymous memory together."""
    total = 0
    for member in family(process):
        try:
            times = member.cpu_times()
            processor[member.pid] = times.user + times.system
            total += anonymous(member.pid)
        except (psutil.Error, OSError):
            continue  # it ended in between
    return total


def family(process: psutil.Popen) -> list[psutil.Process]:
    """The process and all that it started."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def anonymous(pid: int) -> int:
    """The anonymous memory of a process in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    sys.exit(main())
