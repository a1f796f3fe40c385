"""`llmq inspect`: what a GGUF file or a checkpoint folder holds, and whether it converts."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from math import isfinite, prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from llmq import defaults
from llmq.errors import GgufError, LlmqError, printable
from llmq.files.gguf import open_gguf
from llmq.files.safetensors import ELEMENT_BITS
from llmq.planning import make_plan
from llmq.sources.checkpoint import open_checkpoint
from llmq.sources.opening import open_source
from llmq.verbs.paths import check_model
from llmq.verbs.tables import shown, terminal_width, wrapped
from llmq.verbs.tensor_table import Line, print_tensors

SHOWN_ITEMS = 4  # of an array
SHOWN_CHARACTERS = 100  # of a line, where no terminal says how many it has
SMALLEST_SHARE = 0.001
REQUANTIZE = "--allow-requantize"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq inspect`."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a GGUF file or a checkpoint folder"
    )
    parser.add_argument(
        "--all", action="store_true", help="every tensor in a row of its own, no value cut"
    )
    parser.add_argument("--json", action="store_true", help="everything, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Read the header and print it."""
    path: Path = arguments.file
    check_model(path)
    report = _folder(path) if path.is_dir() else _gguf(path)
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        _print(report, whole=arguments.all)
    return 0


def _gguf(path: Path) -> dict[str, Any]:
    file = open_gguf(path)
    rows = [
        {"name": t.name, "shape": list(t.shape), "type": t.type_name, "bytes": t.n_bytes}
        for t in file.tensors
    ]
    return _report(path, file.n_bytes, file.metadata, rows)


def _folder(path: Path) -> dict[str, Any]:
    checkpoint = open_checkpoint(path)
    rows = [
        {
            "name": t.name,
            "shape": list(t.shape),
            "type": t.dtype,
            "bytes": prod(t.shape) * ELEMENT_BITS[t.dtype] // 8,
            "file": t.file.name,
        }
        for t in checkpoint.tensors.values()
    ]
    size = sum(file.stat().st_size for file in {t.file for t in checkpoint.tensors.values()})
    return _report(path, size, checkpoint.config, rows)


def _report(path: Path, size: int, metadata: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    weights = sum(prod(row["shape"]) for row in rows)
    bits = 8 * sum(row["bytes"] for row in rows) / weights if weights else 0
    return {
        "file": str(path),
        "bytes": size,
        "weights": weights,
        "bits_per_weight": round(bits, 4),
        "converts": converts(path)._asdict(),
        "metadata": plain(metadata),
        "tensors": rows,
    }


class Converts(NamedTuple):
    """Whether `llmq convert` takes a model, by which option, and why it does not."""

    possible: bool
    option: str | None = None
    because: str | None = None

    def __str__(self) -> str:
        """As a line."""
        answer = "yes" if self.possible else "no"
        if self.option:
            answer = f"only with {self.option}"
        return f"{answer}, because {self.because}" if self.because else answer


def converts(path: Path) -> Converts:
    """What `llmq convert` would say, short of reading the weights."""
    try:
        make_plan(open_source(path), recipe=defaults.RECIPE)
    except LlmqError as error:
        if isinstance(error, GgufError) and REQUANTIZE in str(error):
            return _requantized(path)
        return Converts(possible=False, because=str(error))
    return Converts(possible=True)


def _requantized(path: Path) -> Converts:
    try:
        make_plan(open_source(path, allow_requantize=True), recipe=defaults.RECIPE)
    except LlmqError as error:
        return Converts(possible=False, because=str(error))
    lost = "it is quantized already: what that lost stays lost, and more would be"
    return Converts(possible=True, option=REQUANTIZE, because=lost)


def plain(value: Any) -> Any:
    """A value of a GGUF file or of config.json as JSON can hold it: not NaN, not infinity."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _print(report: dict[str, Any], *, whole: bool) -> None:
    width = terminal_width(sys.stdout)
    for key, value in report["metadata"].items():
        name = printable(key)
        room = max((width or SHOWN_CHARACTERS) - len(name) - len(" = "), 8)
        print(f"{name} = {json.dumps(value) if whole else _short(value, room)}")
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
    yield f"converts: {printable(str(Converts(**report['converts'])))}"


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
