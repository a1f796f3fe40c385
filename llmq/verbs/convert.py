"""`llmq convert`: a checkpoint folder becomes a quantized GGUF file."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmq.amounts import jobs_argument, shown, size_argument
from llmq.checkpoint import open_checkpoint
from llmq.errors import OutputError, printable
from llmq.planning import Plan, PlannedTensor, make_plan
from llmq.quantize import DEFAULT_MEMORY_BYTES, Progress, check_output, execute
from llmq.recipes import RECIPES
from llmq.verbs.tables import aligned

DEFAULT_RECIPE = "Q4_0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq convert`."""
    recipes = "; ".join(f"{recipe.name}: {recipe.description}" for recipe in RECIPES.values())
    parser.add_argument("source", metavar="SRC", type=Path, help="the checkpoint folder")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT.gguf", help="default: {name}-{RECIPE}.gguf"
    )
    parser.add_argument(
        "--recipe",
        default=DEFAULT_RECIPE,
        metavar="NAME",
        help=f"{recipes}; default {DEFAULT_RECIPE}",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    parser.add_argument("--json", action="store_true", help="print the plan and the result as JSON")
    parser.add_argument(
        "--jobs",
        type=jobs_argument,
        metavar="N",
        help="worker processes; default: one per processor, or as many as the memory allows",
    )
    parser.add_argument(
        "--max-memory",
        type=size_argument,
        default=DEFAULT_MEMORY_BYTES,
        metavar="SIZE",
        help="bound on the memory of all processes together, such as 400M (the default)",
    )
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    parser.add_argument(
        "--pre", metavar="NAME", help="the pre-tokenizer, where its structure is not known"
    )


def run(arguments: argparse.Namespace) -> int:
    """Plan, show the plan, convert, say what came of it."""
    started = time.perf_counter()
    checkpoint = open_checkpoint(arguments.source)
    plan = make_plan(checkpoint, recipe=arguments.recipe, pre=arguments.pre)
    output = arguments.output or Path(f"{plan.name}-{plan.recipe.name}.gguf")
    print_plan(plan)
    report = plan.as_json()
    if not arguments.dry_run:
        check_output(plan, output, force=arguments.force)
        try:
            with progress_bar(plan) as progress:
                execute(
                    plan,
                    output,
                    jobs=arguments.jobs,
                    max_memory=arguments.max_memory,
                    force=arguments.force,
                    progress=progress,
                )
        except KeyboardInterrupt:
            raise OutputError(f"{output}: stopped by Ctrl-C, nothing was written") from None
        seconds = time.perf_counter() - started
        report |= {"output": str(output), "seconds": round(seconds, 3)}
        size, rate = shown(plan.n_bytes), shown(int(plan.n_bytes / seconds))
        print(
            f"{printable(str(output))}: {size} in {seconds:.1f} s ({rate}/s), read back and compared",
            file=sys.stderr,
        )
    if arguments.json:
        print(json.dumps(report, indent=1))
    return 0


def print_plan(plan: Plan) -> None:
    """The plan as a table on stderr: layers that look alike share their rows."""
    rows = [("tensor", "shape", "from", "to", "bytes"), *_grouped(plan)]
    print(f"{printable(plan.name)} -> {plan.recipe.name}", file=sys.stderr)
    for line in aligned(rows, "<><<>"):
        print(line, file=sys.stderr)
    for note in plan.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    print(
        f"{len(plan.tensors)} tensors, {plan.n_weights:,} weights, {shown(plan.n_bytes)},"
        f" {plan.bits_per_weight:.2f} bits per weight",
        file=sys.stderr,
    )


def _grouped(plan: Plan) -> Iterator[tuple[str, str, str, str, str]]:
    """Table rows; tensors that differ in the layer alone become one row with their count."""
    groups: dict[tuple[str, str, str, str], list[PlannedTensor]] = {}
    for tensor in plan.tensors:
        parts = ["*" if part.isdecimal() else part for part in tensor.name.split(".")]
        shape = " x ".join(str(number) for number in tensor.shape)
        key = (".".join(parts), shape, tensor.came_from, tensor.format.name)
        groups.setdefault(key, []).append(tensor)
    for (name, shape, before, after), members in groups.items():
        count = f" ({len(members)})" if "*" in name else ""
        total = sum(tensor.n_bytes for tensor in members)
        yield name + count, shape, before, after, f"{total:,}"


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
