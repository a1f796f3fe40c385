"""`llmq convert`: a model becomes a quantized GGUF file."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

from llmq import defaults
from llmq.advice import advice_on
from llmq.errors import OutputError, printable
from llmq.files.imatrix import read_importance
from llmq.interrupts import endings_raise
from llmq.outputs import check_output, default_name, output_path
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.overrides import Overrides, format_named, tensor_type
from llmq.recipes.table import RECIPES, recipe_named
from llmq.sources.opening import open_source
from llmq.verbs.arguments import jobs_argument, one_of, read_by, size_argument
from llmq.verbs.paths import check_exists, check_model
from llmq.verbs.progress import progress_bar
from llmq.verbs.tables import aligned, shown, terminal_width, wrapped
from llmq.verbs.tensor_table import Line, print_tensors
from llmq_kernels import FORMATS, Encoder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq convert`."""
    recipes = [(f"  {recipe.name}", recipe.description) for recipe in RECIPES.values()]
    lines = aligned(recipes, "<~", terminal_width(sys.stdout))
    parser.epilog = "\n".join(["recipes:", *lines])
    parser.add_argument(
        "source", metavar="SRC", type=Path, help="a checkpoint folder or a GGUF file"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="a file or a folder; default: {name}-{RECIPE}.gguf"
    )
    parser.add_argument(
        "--recipe",
        type=read_by(lambda text: recipe_named(text).name),
        choices=tuple(RECIPES),
        default=defaults.RECIPE,
        metavar="NAME",
        help=f"see below; {defaults.RECIPE} if not given",
    )
    _add_choices(parser)
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the plan, check the output, and stop"
    )
    parser.add_argument("--json", action="store_true", help="print the plan and the result as JSON")
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="say nothing but errors and notes that a user of the file needs",
    )
    _add_working(parser)
    parser.set_defaults(usage_error=parser.error)


def _add_working(parser: argparse.ArgumentParser) -> None:
    """The options on how the work is done."""
    group = parser.add_argument_group("seldom needed")
    group.add_argument(
        "--jobs",
        type=jobs_argument,
        metavar="N",
        help="worker processes; default: one per processor, or as many as the memory allows",
    )
    group.add_argument(
        "--max-memory",
        type=size_argument,
        default=defaults.MEMORY_BYTES,
        metavar="SIZE",
        help="bound on the memory of all processes together, such as 400M (the default)",
    )
    group.add_argument(
        "--no-load-check",
        dest="load_check",
        action="store_false",
        help="do not have llama.cpp try the finished file before it gets its name",
    )
    group.add_argument(
        "--pre", metavar="NAME", help="the pre-tokenizer, where its structure is not known"
    )


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """The options that change how the weights are quantized."""
    group = parser.add_argument_group("beyond the recipe, as in llama-quantize")
    group.add_argument(
        "--imatrix",
        type=Path,
        metavar="FILE",
        help="weigh errors with a file that llama-imatrix wrote",
    )
    group.add_argument(
        "--imatrix-exact", action="store_true", help="let columns of importance zero count nothing"
    )
    group.add_argument(
        "--encoder",
        type=one_of([encoder.value for encoder in Encoder], "encoder"),
        choices=[encoder.value for encoder in Encoder],
        metavar="NAME",
        default=defaults.ENCODER.value,
        help=f"how blocks are chosen: ggml (its bytes) or search (less error); {defaults.ENCODER} if not given",
    )
    group.add_argument(
        "--tensor",
        type=read_by(tensor_type),
        action="append",
        default=[],
        metavar="REGEX=TYPE",
        help="a type for tensors with such names, as attn_v=Q6_K; the first of several that matches",
    )
    for option, what in (("output", "output matrix"), ("embedding", "token embedding")):
        group.add_argument(
            f"--{option}-type",
            type=read_by(format_named),
            choices=tuple(FORMATS),
            metavar="TYPE",
            help=f"a type for the {what}",
        )
    group.add_argument(
        "--pure", action="store_true", help="one type for all matrices, without the recipe's mix"
    )
    group.add_argument(
        "--allow-requantize",
        action="store_true",
        help="take a GGUF file of fewer than 16 bits; what it has lost stays lost, and more is",
    )


def planned(arguments: argparse.Namespace) -> Plan:
    """The plan that the options ask for."""
    overrides = Overrides(
        tensors=tuple(arguments.tensor),
        output=arguments.output_type,
        embedding=arguments.embedding_type,
        pure=arguments.pure,
    )
    if arguments.imatrix_exact and not arguments.imatrix:
        arguments.usage_error("--imatrix-exact needs --imatrix FILE")
    check_model(arguments.source)
    if arguments.imatrix:
        check_exists(
            arguments.imatrix, "importance matrix", what="name a file that llama-imatrix wrote"
        )
    importance = arguments.imatrix and read_importance(
        arguments.imatrix, exact=arguments.imatrix_exact
    )
    return make_plan(
        open_source(
            arguments.source, pre=arguments.pre, allow_requantize=arguments.allow_requantize
        ),
        recipe=arguments.recipe,
        overrides=overrides,
        importance=importance,
        encoder=Encoder(arguments.encoder),
    )


def run(arguments: argparse.Namespace) -> int:
    """Plan, check that the output can be written, show the plan, convert, say what came of it."""
    started = time.perf_counter()
    plan = planned(arguments)
    output = output_path(arguments.output, default_name(plan.name, plan.recipe.name))
    check_output(plan, output, force=arguments.force)
    report = plan.as_json()
    if arguments.dry_run and not arguments.json:
        print_plan(plan, sys.stdout)
    elif not arguments.quiet:
        print_plan(plan, sys.stderr)
    tell_notes(plan.notes if arguments.quiet else (*plan.notes, *plan.size_notes))
    if not arguments.dry_run:
        _execute(plan, output, arguments)
        seconds = time.perf_counter() - started
        report |= {"output": str(output), "seconds": round(seconds, 3)}
        if not arguments.quiet:
            _tell_result(plan, output, seconds, tried=arguments.load_check)
    if arguments.json:
        print(json.dumps(report, indent=1))
    return 0


def _execute(plan: Plan, output: Path, arguments: argparse.Namespace) -> None:
    def stopped(by: str) -> OutputError:
        return OutputError(f"{output}: stopped by {by}, nothing was written")

    bar = nullcontext() if arguments.quiet else progress_bar(plan)
    try:
        with endings_raise(stopped), bar as progress:
            execute(
                plan,
                output,
                jobs=arguments.jobs,
                max_memory=arguments.max_memory,
                force=arguments.force,
                load_check=arguments.load_check,
                progress=progress,
            )
    except KeyboardInterrupt:
        raise stopped("Ctrl-C") from None


def _tell_result(plan: Plan, output: Path, seconds: float, *, tried: bool) -> None:
    size, rate = shown(plan.n_bytes), shown(int(plan.n_bytes / seconds))
    ways = ", compared and opened by llama.cpp" if tried else " and compared"
    print(
        f"{printable(str(output))}: {size} in {seconds:.1f} s ({rate}/s), read back{ways}",
        file=sys.stderr,
    )


def print_plan(plan: Plan, stream: TextIO) -> None:
    """The plan as a table: layers that look alike share their rows."""
    print(printable(f"{plan.name} -> {_manner(plan)}"), file=stream)
    lines = [
        Line(t.name, t.shape, (t.source.weights.dtype, t.format.name), t.n_bytes)
        for t in plan.tensors
    ]
    print_tensors(lines, ("from", "to"), stream)
    print(
        f"{len(plan.tensors)} tensors, {plan.n_weights:,} weights, {shown(plan.n_bytes)},"
        f" {plan.bits_per_weight:.2f} bits per weight",
        file=stream,
    )
    if advice := advice_on(plan):
        print(
            *wrapped(f"{advice} (llmq recipes shows all)", terminal_width(stream)),
            sep="\n",
            file=stream,
        )


def tell_notes(notes: Sequence[str]) -> None:
    """What there is to know of the file, on stderr."""
    for note in notes:
        print(f"note: {printable(note)}", file=sys.stderr)


def _manner(plan: Plan) -> str:
    """The recipe, the encoder and the importance matrix."""
    words = [plan.recipe.name]
    if plan.encoder:
        words.append(f"encoder {plan.encoder}")
    if plan.importance:
        words.append(
            f"imatrix {plan.importance.path} ({len(plan.importance.rows)} matrices,"
            f" {plan.importance.n_chunks} chunks)"
        )
    return ", ".join(words)
