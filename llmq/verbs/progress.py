"""How far a conversion is, as a bar on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from llmq.plan import Plan, PlannedTensor
from llmq.quantize import Progress


@contextmanager
def progress_bar(plan: Plan) -> Iterator[Progress]:
    """A bar on stderr with tensors, bytes, rate and time left; where there is no terminal, silence."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import (
        Progress as Bar,
    )

    columns = (
        TextColumn("{task.fields[tensors]} tensors"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(file=sys.stderr)
    left = {tensor.name: tensor.n_bytes for tensor in plan.tensors}
    n_tensors = len(left)
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("convert", total=sum(left.values()), tensors=f"0/{n_tensors}")

        def advance(tensor: PlannedTensor, n_bytes: int) -> None:
            left[tensor.name] -= n_bytes
            if not left[tensor.name]:
                del left[tensor.name]
            bar.update(task, advance=n_bytes, tensors=f"{n_tensors - len(left)}/{n_tensors}")

        yield advance
