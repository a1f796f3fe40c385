"""`llmq inspect`: the metadata and tensors of a GGUF file or of a checkpoint folder."""

import argparse
import json
import sys
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np

from llmq.errors import printable
from llmq.files.gguf import open_gguf
from llmq.sources.checkpoint import open_checkpoint
from llmq.verbs.tables import aligned, shown, terminal_width

SHOWN_ITEMS = 6  # of an array
SHOWN_CHARACTERS = 200  # of a text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `llmq inspect`."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a GGUF file or a checkpoint folder"
    )
    parser.add_argument("--json", action="store_true", help="everything, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Read the header and print it."""
    path: Path = arguments.file
    report = _folder(path) if path.is_dir() else _gguf(path)
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        _print(report)
    return 0


def _gguf(path: Path) -> dict[str, Any]:
    file = open_gguf(path)
    rows = [
        {"name": t.name, "shape": list(t.shape), "type": t.type_name, "bytes": t.n_bytes}
        for t in file.tensors
    ]
    metadata = {key: plain(value) for key, value in file.metadata.items()}
    return {"file": str(path), "bytes": file.n_bytes, "metadata": metadata, "tensors": rows}


def _folder(path: Path) -> dict[str, Any]:
    checkpoint = open_checkpoint(path)
    rows = [
        {"name": t.name, "shape": list(t.shape), "type": t.dtype, "file": t.file.name}
        for t in checkpoint.tensors.values()
    ]
    size = sum(file.stat().st_size for file in {t.file for t in checkpoint.tensors.values()})
    metadata = plain(checkpoint.config)
    return {"file": str(path), "bytes": size, "metadata": metadata, "tensors": rows}


def plain(value: Any) -> Any:
    """A value of a GGUF file or of config.json as JSON can hold it: not NaN, not infinity."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _print(report: dict[str, Any]) -> None:
    for key, value in report["metadata"].items():
        print(f"{printable(key)} = {_short(value)}")
    print()
    rows = [
        (row["name"], row["type"], " x ".join(str(number) for number in row["shape"]))
        for row in report["tensors"]
    ]
    for line in aligned(rows, "<<<", terminal_width(sys.stdout)):
        print(line)
    weights = sum(prod(row["shape"]) for row in report["tensors"])
    count = len(report["tensors"])
    parts = report["metadata"].get("split.count", 1)
    which = f"; part {report['metadata'].get('split.no', 0) + 1} of {parts}" if parts > 1 else ""
    print(f"{count} tensors, {weights:,} weights, {shown(report['bytes'])}{which}", file=sys.stderr)


def _short(value: Any) -> str:
    """A value on one line, long texts and arrays cut, nothing in it that a terminal obeys."""
    if isinstance(value, list) and len(value) > SHOWN_ITEMS:
        head = ", ".join(_short(item) for item in value[:SHOWN_ITEMS])
        return f"[{head}, ... {len(value)} in all]"
    text = json.dumps(value)  # escapes all but ASCII and every control character
    cut = len(text) - SHOWN_CHARACTERS
    return text if cut <= 0 else f"{text[:SHOWN_CHARACTERS]}... {cut} more"
