"""Measure a chat beside `llmq drift`: how fast each runs, by threads and by drift's priority.

    scripts/bench chat BASE.gguf QUANT.gguf [--seconds 10] [--runs 3]

The chat writes replies with QUANT, and counts the tokens it writes; drift reads tutoring dialogues
with both files, over and over, and counts them. Both are counted in the same seconds, after both
have begun. Each number is the median over the turns.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median
from typing import IO, NamedTuple

from llmq.drift import measure_drift
from llmq.processors import cores
from llmq.runtime import open_model
from llmq.suites import Message
from llmq.verbs.tables import aligned

QUESTION = [Message("user", "Why do we invert and multiply when we divide by a fraction?")]
REPLY_TOKENS = 200


class Way(NamedTuple):
    """Threads of the chat and of drift (0: it does not run), and how far drift steps back."""

    chat: int
    drift: int
    nice: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", type=Path)
    parser.add_argument("quant", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", choices=("chat", "drift"), help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--nice", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments)
    found: dict[Way, list[tuple[float, float]]] = {way: [] for way in ways()}
    for _ in range(arguments.runs):
        for way, rates in found.items():
            rates.append(measured(way, arguments))
            print(way, *(f"{rate:.2f}" for rate in rates[-1]), file=sys.stderr)
    rows = [("chat's threads", "drift's threads", "nice", "chat, tokens/s", "drift, dialogues/s")]
    for way, rates in found.items():
        chat, drift = (f"{median(column):.2f}" for column in zip(*rates, strict=True))
        rows.append((str(way.chat), str(way.drift), str(way.nice), chat, drift))
    for line in aligned(rows, ">>>>>"):
        print(line)
    return 0


def ways() -> Iterator[Way]:
    """Both beside each other, with all cores and with one fewer; then each alone."""
    few = sorted({cores(), max(cores() - 1, 1)}, reverse=True)
    yield from (Way(*threads, nice) for threads in product(few, few) for nice in (0, 10))
    yield from (Way(n, 0) for n in few)
    yield from (Way(0, n) for n in few)


def measured(way: Way, arguments: argparse.Namespace) -> tuple[float, float]:
    """What the chat and drift count in a second: tokens and dialogues."""
    counts = {
        name: Counter(name, way, arguments) for name in ("chat", "drift") if getattr(way, name)
    }
    for counter in counts.values():
        counter.begun.wait()
    before = {name: counter.count for name, counter in counts.items()}
    started = time.perf_counter()
    time.sleep(arguments.seconds)
    seconds = time.perf_counter() - started
    rates = {name: (counts[name].count - before[name]) / seconds for name in counts}
    for counter in counts.values():
        counter.process.kill()
        counter.process.wait()
    return rates.get("chat", 0), rates.get("drift", 0)


class Counter:
    """A process of `work`, and how much it has told of."""

    def __init__(self, name: str, way: Way, arguments: argparse.Namespace) -> None:
        nice = way.nice if name == "drift" else 0
        command = [sys.executable, "-m", __spec__.name, str(arguments.base), str(arguments.quant)]
        command += ["--work", name, "--threads", str(getattr(way, name)), "--nice", str(nice)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.count = 0
        self.begun = threading.Event()
        threading.Thread(target=self._listen, args=[self.process.stdout], daemon=True).start()

    def _listen(self, lines: IO[str]) -> None:
        for line in lines:
            self.count = int(line)
            self.begun.set()
        self.begun.set()  # it has died, and says why itself


def work(arguments: argparse.Namespace) -> None:
    """Chat or measure without end, and tell how much is done, a line each time."""
    if arguments.nice:
        os.nice(arguments.nice)
    if arguments.work == "drift":
        drift_without_end(arguments)
    with open_model(arguments.quant, threads=arguments.threads) as model:
        count = 0
        while True:
            for _ in model.generate(model.prompt(QUESTION), max_tokens=REPLY_TOKENS):
                count += 1
                print(count, flush=True)


def drift_without_end(arguments: argparse.Namespace) -> None:
    """As `llmq drift` measures; both files read a dialogue before it is told."""
    done = 0

    def tell(_done: int, _total: int) -> None:
        nonlocal done
        done += 1
        print(done, flush=True)

    while True:
        measure_drift(arguments.base, arguments.quant, threads=arguments.threads, progress=tell)


if __name__ == "__main__":
    sys.exit(main())
