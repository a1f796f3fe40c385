"""How far a command is: a bar on standard error, or a line now and then without a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llmq.errors import printable
from llmq.verbs.tables import shown

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn

    from llmq.calibration.activations import Progress as LayersDone
    from llmq.plan import Plan
    from llmq.planned_tensor import PlannedTensor
    from llmq.quantize import Progress as BytesWritten
    from llmq.sources.hub.client import OnBytes
    from llmq_eval.measuring import Progress as DocumentsDone


@contextmanager
def progress_bar(plan: "Plan") -> Iterator["BytesWritten"]:
    """The bar of a conversion: tensors, bytes, rate and time left."""
    from rich import progress

    columns = (
        progress.TextColumn("{task.fields[tensors]} tensors"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    left = {tensor.name: tensor.n_bytes for tensor in plan.tensors}
    n_tensors = len(left)
    with bar_of(*columns) as bar:
        task = bar.add_task("convert", total=sum(left.values()), tensors=f"0/{n_tensors}")

        def advance(tensor: "PlannedTensor", n_bytes: int) -> None:
            left[tensor.name] -= n_bytes
            if not left[tensor.name]:
                del left[tensor.name]
            bar.update(task, advance=n_bytes, tensors=f"{n_tensors - len(left)}/{n_tensors}")

        yield advance


@contextmanager
def transfer_bar(what: str, n_bytes: int, here: int) -> Iterator["OnBytes"]:
    """The bar of what comes over the network, of which `here` bytes are there already."""
    from rich import progress
    from rich.markup import escape

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    coming = printable(f"fetching {what}, {shown(n_bytes)}")
    with bar_of(*columns) as bar:
        if not bar.console.is_interactive:
            print(coming, file=sys.stderr, flush=True)
        task = bar.add_task(escape(coming), total=n_bytes, completed=here)
        yield lambda n: bar.update(task, advance=n)


@contextmanager
def layers_bar(doing: str) -> Iterator["LayersDone"]:
    """The bar of work that goes through a model layer by layer, by what it does."""
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[layers]} layers"),
        progress.TimeRemainingColumn(),
    )
    with bar_of(*columns) as bar:
        task = bar.add_task(doing, total=None, layers="0")

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, layers=f"{done}/{total}")

        yield advance


@contextmanager
def documents_bar(name: str) -> Iterator["DocumentsDone"]:
    """The bar of a measurement on the suite `name`, in dialogues; it goes when it is done."""
    from rich.markup import escape

    with bar_of(transient=True) as bar:
        task = bar.add_task(escape(printable(name)), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def steps_bar() -> Iterator[Callable[[str, int, int], None]]:
    """The bar of work in several steps, each by its name; it goes when it is done."""
    with bar_of(transient=True) as bar:
        task = bar.add_task("", total=None)

        def advance(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield advance


def bar_of(*columns: "ProgressColumn", **options: Any) -> "Bar":
    """A bar of these columns on standard error; without a terminal, plain lines."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    from llmq.verbs.progress_lines import Lines

    console = Console(file=sys.stderr)
    kind = Bar if console.is_interactive else Lines
    return kind(*columns, console=console, disable=not console.is_interactive, **options)
