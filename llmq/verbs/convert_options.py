"""The options of `llmq convert`, which of them do not go together, and the order they make."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from llmq import defaults
from llmq.files.imatrix import read_importance
from llmq.preparation import Order, is_calibration
from llmq.quality import QUALITIES, quality_named
from llmq.recipes.overrides import Overrides, format_named, tensor_type
from llmq.recipes.table import RECIPES, recipe_named
from llmq.sources.opening import open_source
from llmq.verbs.arguments import (
    jobs_argument,
    lora_argument,
    model_argument,
    one_of,
    part_argument,
    read_by,
    size_argument,
)
from llmq.verbs.models import model_fetched
from llmq.verbs.paths import check_exists, check_model
from llmq.verbs.tables import aligned, terminal_width
from llmq_kernels import FORMATS, Encoder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq convert`."""
    recipes = [(recipe.name, recipe.description) for recipe in RECIPES.values()]
    qualities = [(quality.name, quality.words) for quality in QUALITIES.values()]
    parser.epilog = "\n".join([*_listed("qualities", qualities), "", *_listed("recipes", recipes)])
    parser.add_argument(
        "source",
        metavar="SRC",
        type=model_argument,
        help="a checkpoint folder, a GGUF file, or a model of the hub as org/name[@revision]",
    )
    parser.add_argument(
        "--lora",
        type=lora_argument,
        action="append",
        default=[],
        metavar="DIR[=SCALE]",
        help="merge a LoRA adapter into the model first; more than one add up",
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="a file or a folder; default: {name}-{RECIPE}.gguf"
    )
    parser.add_argument(
        "--recipe",
        type=read_by(lambda text: recipe_named(text).name),
        choices=tuple(RECIPES),
        metavar="NAME",
        help=f"see below; if not given, {defaults.RECIPE}, or the one that keeps a checkpoint's 4-bit codes",
    )
    _add_quality(parser)
    _add_choices(parser)
    parser.add_argument(
        "--split-max-size",
        type=part_argument,
        metavar="SIZE",
        help="cut the model into files of at most so much, such as 2G; programs take the first",
    )
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


def _listed(heading: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    """Names and what they mean, below a heading."""
    cells = [(f"  {name}", words) for name, words in rows]
    return [f"{heading}:", *aligned(cells, "<~", terminal_width(sys.stdout))]


def _add_quality(parser: argparse.ArgumentParser) -> None:
    """The dial, and what it turns on."""
    parser.add_argument(
        "--quality",
        type=read_by(lambda text: quality_named(text).name),
        choices=tuple(QUALITIES),
        metavar="NAME",
        help=f"how much work is done to come closer to the original ({', '.join(QUALITIES)}, see"
        f" below); {defaults.QUALITY} if not given",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help="the text for good and best: a file of llmq calibrate, dialogues (.jsonl) or plain text;"
        " the built-in dialogues if not given",
    )


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
        help="bound on the memory of all processes together, such as 400M (the default); calibrating"
        " and refining take what is said beforehand",
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
        help="weigh errors with a file that llama-imatrix wrote; makes --quality good of fast",
    )
    group.add_argument(
        "--imatrix-exact", action="store_true", help="let columns of importance zero count nothing"
    )
    group.add_argument(
        "--encoder",
        type=one_of([encoder.value for encoder in Encoder], "encoder"),
        choices=[encoder.value for encoder in Encoder],
        metavar="NAME",
        help="how blocks are chosen: ggml (its bytes), search (less error, and the default where a format"
        " knows it) or portable (scales that other runtimes can hold)",
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


def check_options(arguments: argparse.Namespace) -> None:
    """Leave as argparse does where options do not go together, whatever the model is."""
    asked = arguments.quality or ""
    no_data = not QUALITIES[asked or defaults.QUALITY].importance
    both = arguments.imatrix and arguments.calibration
    imatrix_best = arguments.imatrix and asked == "best"
    wrong = {
        "--imatrix-exact needs --imatrix FILE": arguments.imatrix_exact and not arguments.imatrix,
        "--imatrix: not with --quality best, which refines on text itself and weighs errors by that:"
        " name it with --calibration FILE": imatrix_best,
        "--imatrix: not with --calibration; each says how much columns matter, so leave one out": both,
        f"--calibration: not with --quality {asked}, which uses no text; take good or best": asked
        and no_data
        and arguments.calibration,
        "--calibration needs --quality good or --quality best, which use it": not asked
        and arguments.calibration,
        "--encoder: not with --quality best, which chooses the codes itself": asked == "best"
        and arguments.encoder,
    }
    for message, is_so in wrong.items():
        if is_so:
            arguments.usage_error(message)
    folders = [folder for folder, _ in arguments.lora]
    for folder in folders:
        if folders.count(folder) > 1:
            arguments.usage_error(f"--lora: {folder} is named twice; name it once, as {folder}=2")


def check_source(arguments: argparse.Namespace) -> None:
    """Raise `PathError` for a path to nothing; leave where the quality needs another source."""
    check_model(arguments.source)
    for folder in arguments.lora:
        check_exists(folder, "adapter", what="name the folder of a LoRA adapter")
    if arguments.imatrix:
        what = "name a file that llama-imatrix wrote"
        check_exists(arguments.imatrix, "importance matrix", what=what)
    if arguments.calibration:
        what = "name a file of llmq calibrate, dialogues or a text"
        check_exists(arguments.calibration, "calibration", what=what)
    if arguments.source.is_dir() or not arguments.quality:
        return
    if QUALITIES[arguments.quality].refine:
        arguments.usage_error(
            "--quality best computes with the original layer by layer and needs its checkpoint"
            f" folder; {arguments.source} is a GGUF file, which takes --quality good --imatrix FILE"
        )
    computed = arguments.calibration and is_calibration(arguments.calibration)
    if QUALITIES[arguments.quality].importance and not arguments.imatrix and not computed:
        arguments.usage_error(
            "--quality good computes importance with the original's checkpoint folder; for a GGUF file"
            " name it with --imatrix FILE, or a file of llmq calibrate with --calibration FILE"
        )


def check_order(arguments: argparse.Namespace, order: Order) -> None:
    """Leave where a quality that is asked for has nothing to do."""
    if not arguments.quality or not order.dial.importance:
        return
    plan = order.plan(None, order.importance)
    if plan.encoder is None:
        arguments.usage_error(
            f"--quality {arguments.quality}: {plan.recipe.name} rounds nothing to blocks, so there is"
            " nothing to weigh or refine; leave it out"
        )


def order_of(arguments: argparse.Namespace) -> Order:
    """What the options ask for."""
    check_options(arguments)
    arguments.source = model_fetched(arguments.source, pre=arguments.pre, quiet=arguments.quiet)
    arguments.lora = {
        model_fetched(folder, quiet=arguments.quiet): scale for folder, scale in arguments.lora
    }
    check_source(arguments)
    importance = arguments.imatrix and read_importance(
        arguments.imatrix, exact=arguments.imatrix_exact
    )
    return Order(
        open_source(
            arguments.source,
            pre=arguments.pre,
            allow_requantize=arguments.allow_requantize,
            adapters=arguments.lora,
        ),
        recipe=arguments.recipe,
        overrides=Overrides(
            tensors=tuple(arguments.tensor),
            output=arguments.output_type,
            embedding=arguments.embedding_type,
            pure=arguments.pure,
        ),
        quality=arguments.quality or defaults.QUALITY,
        encoder=arguments.encoder and Encoder(arguments.encoder),
        importance=importance,
        calibration=arguments.calibration,
    )
