"""`llmq inspect`: what a GGUF file or a checkpoint folder holds, and whether it converts."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

from llmq import records
from llmq.errors import printable
from llmq.tensor_hashes import check_undamaged
from llmq.verbs.inspect_report import report_on
from llmq.verbs.models import model_here
from llmq.verbs.paths import check_gguf
from llmq.verbs.tables import shown, terminal_width, wrapped
from llmq.verbs.tensor_table import Line, print_tensors

SHOWN_ITEMS = 4  # of an array
SHOWN_CHARACTERS = 100  # of a line, where no terminal says how many it has
SMALLEST_SHARE = 0.001


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq inspect`."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a GGUF file or a checkpoint folder"
    )
    parser.add_argument(
        "--all", action="store_true", help="every tensor in a row of its own, no value cut"
    )
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read all of a GGUF file, and hold each tensor against its hash in the header",
    )


def run(arguments: argparse.Namespace) -> int:
    """Read the header and print it."""
    path = model_here(arguments.file)
    if arguments.verify:
        check_gguf(path, use="llmq inspect --verify")
    report = report_on(path)
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        _print(report, whole=arguments.all)
    if arguments.verify:
        n_tensors = check_undamaged(path)
        print(f"{path}: all {n_tensors} tensors are as they were written", file=sys.stderr)
    return 0


def print_metadata(metadata: dict[str, Any], *, whole: bool) -> None:
    """A line for each key."""
    width = terminal_width(sys.stdout)
    for key, value in metadata.items():
        name = printable(key)
        room = max((width or SHOWN_CHARACTERS) - len(name) - len(" = "), 8)
        print(f"{name} = {json.dumps(value) if whole else _short(value, room)}")


def _print(report: dict[str, Any], *, whole: bool) -> None:
    width = terminal_width(sys.stdout)
    print_metadata(report["metadata"], whole=whole)
    print()
    rows = report["tensors"]
    lines = [Line(row["name"], row["shape"], (row["type"],), row["bytes"]) for row in rows]
    print_tensors(lines, ("type",), sys.stdout, whole=whole)
    print()
    for line in _totals(report, rows):
        print("\n".join(wrapped(line, width)))


def _totals(report: dict[str, Any], rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What there is in all, in which types, and what can be made of it."""
    size, weights, bits = report["bytes"], report["weights"], report["bits_per_weight"]
    yield f"{len(rows)} tensors, {weights:,} weights, {shown(size)}, {bits:.2f} bits per weight"
    yield from [f"types: {_shares(rows, weights)}"] if weights else []
    parts = report["metadata"].get("split.count", 1)
    if parts > 1:
        yield f"part {report['metadata'].get('split.no', 0) + 1} of {parts}"
    made = records.in_words(report["metadata"])
    yield from [f"made: {printable(made)}"] if made else []
    yield f"memory: {_memory(report['memory'])}"
    yield f"converts: {printable(_converts(report['converts']))}"


def _memory(memory: dict[str, Any] | None) -> str:
    """What a chat takes."""
    if memory is None:
        return "unknown for a model of this kind"
    size, n = shown(memory["bytes"]), memory["context"]
    file = f"{printable(memory['file'])} in " if memory["file"] else ""
    return f"llmq chat takes about {size} with {file}a context of {n} tokens"


def _converts(converts: dict[str, Any]) -> str:
    """Whether it converts, to what, or why not."""
    if not converts["possible"]:
        return f"no, because {converts['because']}"
    made = f"llmq convert makes {converts['makes']} of {shown(converts['bytes'])}"
    if converts["option"]:
        return f"only with {converts['option']}, because {converts['because']}"
    return f"yes; {made}"


def _shares(rows: Sequence[dict[str, Any]], weights: int) -> str:
    """How much of the weights has which type, the most frequent first."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["type"]] += prod(row["shape"])
    return ", ".join(f"{name} {_percent(n / weights)}" for name, n in counts.most_common())


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %" if share >= SMALLEST_SHARE else f"< {100 * SMALLEST_SHARE:g} %"


def _short(value: Any, room: int) -> str:
    """A value in about `room` characters, nothing in it that a terminal obeys."""
    if isinstance(value, float):
        return f"{value:.7g}"  # as many digits as 32 bits hold
    if not isinstance(value, list) or len(value) <= SHOWN_ITEMS:
        return _cut(json.dumps(value), room)
    end = f", ... {len(value):,} in all]"
    items = [_cut(json.dumps(item), room // 2) for item in value[:SHOWN_ITEMS]]
    while len(items) > 1 and len(", ".join(items)) + len(end) + 1 > room:
        items.pop()
    return f"[{', '.join(items)}{end}"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 4, 4)]} ..."
