"""`llmq architectures`: the families that convert, and what of their models does."""

import argparse
import json
import re
import sys
from collections.abc import Iterator

from llmq.architectures import ARCHITECTURES
from llmq.architectures.table import Architecture
from llmq.verbs.tables import aligned, terminal_width, wrapped

HEAD = ("class in config.json", "llama.cpp's name", "models", "left out")
PART = re.compile("it belongs to (.+), which is not converted")  # a reason of a part's tensors
MORE = (
    "A folder's class is what config.json says under architectures.",
    "llmq inspect FOLDER says whether it converts, or why not.",
    "A GGUF file of 16 bits or more converts whatever its family.",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq architectures`."""
    parser.add_argument("--json", action="store_true", help="the table as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    if arguments.json:
        print(json.dumps([_as_json(each) for each in ARCHITECTURES.values()], indent=1))
        return 0
    width = terminal_width(sys.stdout)
    lines = [
        *aligned([HEAD, *rows()], "<<~~", width),
        "",
        *(line for text in MORE for line in wrapped(text, width)),
    ]
    print("\n".join(lines))
    return 0


def rows() -> Iterator[tuple[str, ...]]:
    """The cells of each family."""
    for each in ARCHITECTURES.values():
        yield each.hf_name, each.name, each.models, "; ".join(_left_out(each))


def _left_out(architecture: Architecture) -> list[str]:
    """The parts of its models that have no place in a file."""
    matches = (PART.fullmatch(reason) for reason in architecture.ignored.values())
    return list(dict.fromkeys(match[1] for match in matches if match))


def _as_json(architecture: Architecture) -> dict[str, object]:
    return {
        "class": architecture.hf_name,
        "name": architecture.name,
        "models": architecture.models,
        "left_out": _left_out(architecture),
    }
