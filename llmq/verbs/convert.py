"""`llmq convert`: a model becomes a quantized GGUF file."""

import argparse
import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path

from llmq.errors import OutputError
from llmq.interrupts import endings_raise
from llmq.outputs import default_name, output_path
from llmq.plan import Plan
from llmq.preparation import Work, begin, in_silence, prepared
from llmq.publishing import in_parts, part_names
from llmq.quantize import execute
from llmq.refine.estimate import Estimate
from llmq.refine.journal import journal_folder
from llmq.verbs.convert_options import add_arguments as add_arguments
from llmq.verbs.convert_options import check_order, order_of
from llmq.verbs.convert_report import (
    print_estimate,
    print_plan,
    tell_note,
    tell_notes,
    tell_result,
)
from llmq.verbs.progress import layers_bar, progress_bar


def run(arguments: argparse.Namespace) -> int:
    """Plan, check that the output can be written, show the plan, convert, say what came of it."""
    started = time.perf_counter()
    order = order_of(arguments)
    check_order(arguments, order)
    work = begin(order)
    plan = work.plan
    output = output_path(arguments.output, default_name(plan.name, plan.recipe.name))
    names = part_names(output, len(in_parts(plan, arguments.split_max_size)))
    for path in names:
        work.check_output(path, force=arguments.force)
    estimate = work.estimate()
    _show(work, estimate, arguments)
    if len(names) > 1:
        tell_note(f"{len(names)} files, of which programs take the first: {names[0].name}")
    report = plan.as_json() | {"estimate": estimate and estimate.as_json()}
    if len(names) > 1:
        report["files"] = [str(name) for name in names]
    if not arguments.dry_run:
        plan, output = _carried_out(work, output, arguments)
        seconds = time.perf_counter() - started
        report |= plan.as_json() | {"output": str(output), "seconds": round(seconds, 3)}
        if not arguments.quiet:
            tell_result(plan, output, seconds, tried=arguments.load_check)
    report["notes"] += work.notes()
    if arguments.json:
        print(json.dumps(report, indent=1))
    return 0


def _show(work: Work, estimate: Estimate | None, arguments: argparse.Namespace) -> None:
    """The plan, what it will take, and notes: on stdout where nothing else is asked for."""
    plan, asked = work.plan, arguments.dry_run and not arguments.json
    if asked or not arguments.quiet:
        stream = sys.stdout if asked else sys.stderr
        print_plan(plan, stream)
        if estimate:
            print_estimate(estimate, stream)
            stream.flush()
    notes = (*plan.notes, *work.notes())
    tell_notes(notes if arguments.quiet else (*notes, *plan.size_notes))


def _carried_out(work: Work, output: Path, arguments: argparse.Namespace) -> tuple[Plan, Path]:
    """Do all of it; the plan that was carried out, and the file that programs open."""

    def stopped(by: str) -> OutputError:
        kept = journal_folder(output).exists()
        more = "; the same command goes on where it was" if kept else ""
        return OutputError(f"{output}: stopped by {by}, nothing was written{more}")

    quiet = arguments.quiet
    try:
        with (
            endings_raise(stopped),
            prepared(
                work,
                output,
                jobs=arguments.jobs,
                stage=in_silence if quiet else layers_bar,
                say=in_silence if quiet else tell_note,
            ) as plan,
            nullcontext() if quiet else progress_bar(plan) as progress,
        ):
            path = execute(
                plan,
                output,
                jobs=arguments.jobs,
                max_memory=arguments.max_memory,
                force=arguments.force,
                load_check=arguments.load_check,
                split_max_size=arguments.split_max_size,
                progress=progress,
            )
            return plan, path
    except KeyboardInterrupt:
        raise stopped("Ctrl-C") from None
