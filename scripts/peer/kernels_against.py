"""The speed of this checkout's kernels against another's, in alternating runs on the same weights.

Each checkout's kernels run in a process of their own, one process at a time. A cell is a format
with an encoder, with or without importance, or its decoder. After one run of each to warm up, a
cell is run in the order A B B A A B ..., so that neither always comes first, and a slow drift of
the processor's speed meets both.
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import fmean, median

from rich.console import Console

from scripts.peer.commands import ROOT
from scripts.peer.kernel_worker import Cell

HEAD = """\
| format | encoder | importance | ms, here | ms, there | there / here |
|---|---|---|---|---|---|"""


class Worker:
    """The kernels of a checkout, in a process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Read which cells there are."""
        self._process = process
        self.cells: list[Cell] = [(f, work, given) for f, work, given in json.loads(self._line())]

    def seconds(self, cell: Cell) -> float:
        """What a call takes in one run."""
        assert self._process.stdin
        print(json.dumps(cell), file=self._process.stdin, flush=True)
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the process of a checkout ended before it was done")
        return line


@contextmanager
def worker(checkout: Path) -> Iterator[Worker]:
    """Start a process with the kernels of `checkout` in front of all others."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "kernels")}
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.peer.kernel_worker"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Worker(process)


def against(other: Path, formats: list[str], runs: int) -> Iterator[str]:
    """Rows of the table, and below it the geometric mean and the worst of the ratios.

    `runs` is how often either checkout is measured in each cell; the seconds are medians over
    these. A ratio above 1 says that this checkout is the faster one.
    """
    yield HEAD
    ratios: dict[str, float] = {}
    with ExitStack() as stack:
        here, there = (stack.enter_context(worker(path)) for path in (ROOT, other))
        for cell in here.cells:
            name, work, given = cell
            if name in formats and cell in there.cells:
                label = f"{name} {work}{' with importance' * given}"
                Console(stderr=True).print(label, highlight=False)
                ours, theirs = compared(here, there, cell, runs)
                ratios[label] = theirs / ours
                times = f"{1e3 * ours:.2f} | {1e3 * theirs:.2f} | {ratios[label]:.3f}"
                yield f"| {name} | {work} | {'yes' if given else ''} | {times} |"
    yield ""
    yield summary(ratios)


def compared(here: Worker, there: Worker, cell: Cell, runs: int) -> tuple[float, float]:
    """The median seconds of both."""
    both = (here, there)
    seconds: dict[Worker, list[float]] = {each: [] for each in both}
    for each in both:
        each.seconds(cell)
    for run in range(runs):
        for each in both if run % 2 == 0 else both[::-1]:
            seconds[each].append(each.seconds(cell))
    return median(seconds[here]), median(seconds[there])


def summary(ratios: dict[str, float]) -> str:
    """The geometric mean, and the cell in which this checkout does worst."""
    if not ratios:
        return "The two checkouts have no cell in common."
    mean = math.exp(fmean(map(math.log, ratios.values())))
    worst = min(ratios, key=ratios.__getitem__)
    return (
        f"Geometric mean over {len(ratios)} cells: {mean:.3f}; worst: {worst}, {ratios[worst]:.3f}."
    )
