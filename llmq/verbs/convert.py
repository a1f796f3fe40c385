"""`llmq convert`: a model becomes a quantized GGUF file."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from llmq import defaults
from llmq.errors import ImportanceError, OutputError, printable
from llmq.files.imatrix import read_importance
from llmq.outputs import check_output
from llmq.plan import Plan
from llmq.planned_tensor import PlannedTensor
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.recipes.overrides import Overrides, format_named, tensor_type
from llmq.recipes.table import RECIPES
from llmq.sources.opening import open_source
from llmq.verbs.arguments import jobs_argument, size_argument
from llmq.verbs.progress import progress_bar
from llmq.verbs.tables import aligned, shown, terminal_width
from llmq_kernels import Encoder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq convert`."""
    recipes = [(f"  {recipe.name}", recipe.description) for recipe in RECIPES.values()]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["recipes:", *aligned(recipes, "<<")])
    parser.add_argument(
        "source", metavar="SRC", type=Path, help="a checkpoint folder or a GGUF file"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT.gguf", help="default: {name}-{RECIPE}.gguf"
    )
    parser.add_argument(
        "--recipe",
        default=defaults.RECIPE,
        metavar="NAME",
        help=f"see below; {defaults.RECIPE} if not given",
    )
    _add_choices(parser)
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
        default=defaults.MEMORY_BYTES,
        metavar="SIZE",
        help="bound on the memory of all processes together, such as 400M (the default)",
    )
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    parser.add_argument(
        "--no-load-check",
        dest="load_check",
        action="store_false",
        help="do not have llama.cpp try the finished file before it gets its name",
    )
    parser.add_argument(
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
        choices=[encoder.value for encoder in Encoder],
        default=defaults.ENCODER.value,
        help=f"how blocks are chosen: ggml's bytes, or a search for less error; {defaults.ENCODER} if not given",
    )
    group.add_argument(
        "--tensor",
        action="append",
        default=[],
        metavar="REGEX=TYPE",
        help="a type for tensors with such names, as attn_v=Q6_K; the first of several that matches",
    )
    group.add_argument("--output-type", metavar="TYPE", help="a type for the output matrix")
    group.add_argument("--embedding-type", metavar="TYPE", help="a type for the token embedding")
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
    output, embedding = arguments.output_type, arguments.embedding_type
    overrides = Overrides(
        tensors=tuple(tensor_type(text) for text in arguments.tensor),
        output=None if output is None else format_named(output),
        embedding=None if embedding is None else format_named(embedding),
        pure=arguments.pure,
    )
    if arguments.imatrix_exact and not arguments.imatrix:
        raise ImportanceError("--imatrix-exact needs --imatrix FILE")
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
    """Plan, show the plan, convert, say what came of it."""
    started = time.perf_counter()
    plan = planned(arguments)
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
                    load_check=arguments.load_check,
                    progress=progress,
                )
        except KeyboardInterrupt:
            raise OutputError(f"{output}: stopped by Ctrl-C, nothing was written") from None
        seconds = time.perf_counter() - started
        report |= {"output": str(output), "seconds": round(seconds, 3)}
        size, rate = shown(plan.n_bytes), shown(int(plan.n_bytes / seconds))
        tried = ", compared and opened by llama.cpp" if arguments.load_check else " and compared"
        print(
            f"{printable(str(output))}: {size} in {seconds:.1f} s ({rate}/s), read back{tried}",
            file=sys.stderr,
        )
    if arguments.json:
        print(json.dumps(report, indent=1))
    return 0


def print_plan(plan: Plan) -> None:
    """The plan as a table on stderr: layers that look alike share their rows."""
    rows = [("tensor", "shape", "from", "to", "bytes"), *_grouped(plan)]
    print(printable(f"{plan.name} -> {_manner(plan)}"), file=sys.stderr)
    for line in aligned(rows, "<><<>", terminal_width(sys.stderr)):
        print(line, file=sys.stderr)
    for note in plan.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    print(
        f"{len(plan.tensors)} tensors, {plan.n_weights:,} weights, {shown(plan.n_bytes)},"
        f" {plan.bits_per_weight:.2f} bits per weight",
        file=sys.stderr,
    )


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


def _grouped(plan: Plan) -> Iterator[tuple[str, str, str, str, str]]:
    """Table rows; tensors that differ in the layer alone become one row with their count."""
    groups: dict[tuple[str, str, str, str], list[PlannedTensor]] = {}
    for tensor in plan.tensors:
        parts = ["*" if part.isdecimal() else part for part in tensor.name.split(".")]
        shape = " x ".join(str(number) for number in tensor.shape)
        key = (".".join(parts), shape, tensor.source.weights.dtype, tensor.format.name)
        groups.setdefault(key, []).append(tensor)
    for (name, shape, before, after), members in groups.items():
        count = f" ({len(members)})" if "*" in name else ""
        total = sum(tensor.n_bytes for tensor in members)
        yield name + count, shape, before, after, f"{total:,}"
