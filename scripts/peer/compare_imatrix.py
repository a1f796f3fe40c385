"""Set what `llmq calibrate` computes beside llama.cpp's own llama-imatrix, on the same tokens.

    scripts/compare-imatrix [FOLDER] [--text FILE] [--bytes N]

Both read the same chunks of a plain text, each position counting 1. llama-imatrix starts from an
F32 file, keeps keys and values in F32 and leaves flash attention off: what is left are float32 sums
in another order. Printed is, for each kind of matrix, the largest relative difference of a value;
values below a millionth of their matrix's largest are held against that. Then llama-quantize reads
our file, and its bytes are held against llmq's own with the same encoder.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from llmq.calibration.activations import second_moments
from llmq.calibration.file import write_calibration
from llmq.calibration.text import WINDOW, Portion, calibration_tokens
from llmq.files.imatrix import read_importance
from llmq.planning import make_plan
from llmq.processors import free_cores
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq_eval.text import read_text
from llmq_peer.differences import differences_between
from scripts.peer.commands import ROOT, TOOLS
from scripts.peer.compare_perplexity import beginning
from scripts.peer.compare_quantize import calibration_text, run, run_llmq, run_tool

Values = Mapping[str, NDArray[np.float32]]

MOST = 1e-3  # a larger relative difference is a failure
NEGLIGIBLE = 1e-6  # of a matrix's largest value
EXACT = ("-ctk", "f32", "-ctv", "f32", "-fa", "off")
RECIPE = "Q4_0"  # for llama-quantize


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    tutor = ROOT / "eval" / "tutor"
    parser.add_argument(
        "folder", nargs="?", type=Path, default=tutor, help="default: the bundled tutor"
    )
    parser.add_argument("--text", type=Path, metavar="FILE", help="default: the built-in prompts")
    parser.add_argument(
        "--bytes", type=int, default=40_000, metavar="N", help="of the text; default 40000"
    )
    arguments = parser.parse_args()
    source = open_source(arguments.folder)
    with tempfile.TemporaryDirectory() as scratch:
        text = Path(scratch) / "text.txt"
        given = (
            arguments.text.read_bytes()
            if arguments.text
            else "\n".join(calibration_text()).encode()
        )
        text.write_bytes(beginning(given, arguments.bytes))
        return compare(source, text, Path(scratch))


def compare(source: Source, text: Path, scratch: Path) -> int:
    """Print the differences; 1 where one is too large."""
    file = execute(make_plan(source, recipe="F32"), scratch / "F32.gguf", load_check=False)
    tokens = calibration_tokens(source, [Portion(read_text(text))], n_tokens=2**30)
    ours = write_calibration(scratch / "ours.gguf", tokens, second_moments(source, tokens))
    theirs = llama_imatrix(file, text, scratch / "theirs.gguf")
    mine, other = values_of(ours), values_of(theirs)
    worst = print_differences(
        mine, other, f"{source.name}, {tokens.ids.size:,} tokens of {text.name}"
    )
    only = {"ours": sorted(mine.keys() - other), "llama-imatrix's": sorted(other.keys() - mine)}
    for whose, names in only.items():
        print(f"only in {whose}: {', '.join(names) or 'none'}")
    quantized = run_tool(file, scratch / "theirs-quantized.gguf", RECIPE, ours)
    lines = [
        *differences_between(
            run_llmq(source, scratch / "ours-quantized.gguf", RECIPE, ours), quantized
        )
    ]
    print(
        f"{RECIPE} of llama-quantize with our file, beside llmq's --encoder ggml: {len(lines)} differences"
    )
    print(*lines, sep="\n", end="\n" if lines else "")
    return int(worst > MOST or bool(only["llama-imatrix's"]) or bool(lines))


def llama_imatrix(model: Path, text: Path, output: Path) -> Path:
    """What llama-imatrix computes of the text."""
    command = [str(TOOLS / "llama-imatrix"), "-m", str(model), "-f", str(text), "-o", str(output)]
    run(
        [
            *command,
            "-c",
            str(WINDOW),
            "-b",
            str(WINDOW),
            "-t",
            str(free_cores()),
            "--process-output",
            "--no-ppl",
            *EXACT,
        ]
    )
    return output


def values_of(path: Path) -> dict[str, NDArray[np.float32]]:
    """The importance of every matrix."""
    return {name: rows.read() for name, rows in read_importance(path, exact=True).rows.items()}


def print_differences(mine: Values, other: Values, title: str) -> float:
    """A row for each kind of matrix; the largest difference of all."""
    kinds: dict[str, list[float]] = {}
    for name in mine.keys() & other.keys():
        floor = NEGLIGIBLE * other[name].max()
        apart = np.abs(mine[name] - other[name]) / np.maximum(np.abs(other[name]), floor)
        kinds.setdefault(name.split(".")[-2], []).append(float(apart.max()))
    table = Table("matrix", "how many", "largest relative difference", title=title)
    for kind, found in sorted(kinds.items()):
        table.add_row(kind, str(len(found)), f"{max(found):.1e}")
    Console(width=100).print(table)
    return max(max(found) for found in kinds.values())


if __name__ == "__main__":
    sys.exit(main())
