"""`llmq recipes`: which file to make of a model, and whether it fits a device."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from llmq import defaults
from llmq.advice import BALANCED
from llmq.devices import Device, device_named, device_with, devices
from llmq.errors import RecipeError, printable
from llmq.memory import context_used
from llmq.plan import Plan
from llmq.planning import make_plan
from llmq.recipes.known_drift import known_drift
from llmq.recipes.table import RECIPES
from llmq.runtime.how import CACHE_TYPES, CHAT
from llmq.runtime.opening import CONTEXT_LIMIT
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq.verbs.arguments import context_argument, one_of, read_by, size_argument
from llmq.verbs.models import model_here
from llmq.verbs.recipes_report import Report, row_of, same_top
from llmq.verbs.tables import aligned, terminal_width, wrapped
from llmq_kernels import FORMATS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq recipes`."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=Path,
        nargs="?",
        help="a checkpoint folder or a GGUF file; without it, the recipes in general",
    )
    device = parser.add_mutually_exclusive_group()
    device.add_argument(
        "--device",
        type=read_by(lambda name: device_named(name).name),
        choices=tuple(devices()),
        metavar="NAME",
        help=f"say what fits: {', '.join(devices())}",
    )
    device.add_argument(
        "--memory",
        type=size_argument,
        metavar="SIZE",
        help="the same for any device with so much memory, such as 4GB; half of it is for the tutor",
    )
    parser.add_argument(
        "--context",
        type=context_argument,
        metavar="N",
        help=f"tokens of conversation to remember; {CONTEXT_LIMIT} if not given, as in llmq chat",
    )
    parser.add_argument(
        "--cache-type",
        type=one_of(CACHE_TYPES, "type of cache"),
        default=CHAT.cache_type,
        metavar="TYPE",
        help=f"how a chat keeps them: {', '.join(CACHE_TYPES)}; default {CHAT.cache_type}",
    )
    parser.add_argument("--json", action="store_true", help="the table as JSON")
    words = [(f"  {device.name}", device.words) for device in devices().values()]
    lines = aligned(words, "<~", terminal_width(sys.stdout))
    parser.epilog = "\n".join(["devices:", *lines])
    parser.set_defaults(usage_error=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """The table for a model, or in general."""
    device = chosen_device(arguments)
    if arguments.model is None:
        if device or arguments.context:
            arguments.usage_error(
                "--device, --memory and --context need a MODEL to be held against"
            )
        _print_in_general(as_json=arguments.json)
        return 0
    source = open_source(model_here(arguments.model), allow_requantize=True)
    plans = plans_of(source)
    measured = known_drift({tensor.name: tensor.shape for tensor in source.tensors})
    context = context_used(plans[0], arguments.context or CONTEXT_LIMIT)
    kept = arguments.cache_type
    rows = [row_of(plan, context, measured, cache_type=kept) for plan in plans]
    for note in source.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    report = Report(arguments.model, plans[0], context, device, measured, rows, kept)
    if arguments.json:
        print(json.dumps(report.as_json(), indent=1))
    else:
        report.print()
    return 0


def chosen_device(arguments: argparse.Namespace) -> Device | None:
    """The device that the options name."""
    if arguments.device:
        return device_named(arguments.device)
    return None if arguments.memory is None else device_with(arguments.memory)


def plans_of(source: Source) -> list[Plan]:
    """A plan for each recipe that the model takes, the largest file first."""
    plans, refusals = [], []
    for name in RECIPES:
        try:
            plans.append(make_plan(source, recipe=name))
        except RecipeError as error:  # its rules are not known for this architecture
            refusals.append(error)
    if not plans:
        raise refusals[0]
    if refusals:
        print(
            f"note: {len(refusals)} recipes are left out: {printable(str(refusals[0]))}",
            file=sys.stderr,
        )
    return sorted(plans, key=lambda plan: -plan.n_bytes)


def _print_in_general(*, as_json: bool) -> None:
    """All recipes in plain words."""
    measured = known_drift({"": (256, 256)})
    if as_json:
        rows = [
            {
                "recipe": recipe.name,
                "bits_per_weight": FORMATS[recipe.base].bits_per_weight,
                "drift": (found := measured.by_recipe.get(recipe.name)) and asdict(found),
                "description": recipe.description,
            }
            for recipe in RECIPES.values()
        ]
        print(json.dumps({"drift_measured_on": measured.on, "recipes": rows}, indent=1))
        return
    head = ("recipe", "bits per weight", "same top token", "what it is")
    cells = [
        (
            recipe.name,
            f"{FORMATS[recipe.base].bits_per_weight:.1f}",
            same_top(measured.by_recipe.get(recipe.name)),
            recipe.description,
        )
        for recipe in RECIPES.values()
    ]
    after = (
        f"Start with {defaults.RECIPE}, the {BALANCED.name} choice. bits per weight: of most weights,"
        " where the original has 16; some matrices get more. same top token: how often, of 100 tokens"
        " (words or pieces of them), the file's likeliest next one was the original's, measured on"
        f" {measured.on}; larger models are said to be moved less",
        "type: llmq recipes MODEL, for the sizes and the memory of your own model",
    )
    width = terminal_width(sys.stdout)
    print(*aligned([head, *cells], "<>>~", width), "", sep="\n")
    for paragraph in after:
        print(*wrapped(paragraph, width), sep="\n")
