"""Count the bytes in which llmq and llama-quantize differ, with and without importance.

    scripts/compare-quantize [FOLDER ...]

llama.cpp's own tools do their part: llama-imatrix computes an importance matrix on the built-in
prompts, in its GGUF format and in the legacy one, and llama-quantize reads it. Both start from the
same F32 file. Importance of zero stays zero on both sides (--imatrix-exact), for that is what
llama-quantize does.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from llmq.files.gguf import GgufFile, open_gguf
from llmq.files.imatrix import read_importance
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.sources.opening import open_source
from llmq.sources.source import Source
from llmq_eval.drift import BUILTIN_SUITES, builtin_suite
from llmq_kernels import Encoder
from llmq_peer.differences import differences_between, differing_bytes
from scripts.peer.commands import QUANTIZED, ROOT, TOOLS, quantizer

CHUNK_TOKENS = 128
CHUNKS = 40


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="default: the bundled tutor")
    parser.add_argument("--recipes", nargs="+", default=list(QUANTIZED), metavar="NAME")
    arguments = parser.parse_args()
    total = 0
    for folder in arguments.folders or [ROOT / "eval" / "tutor"]:
        with tempfile.TemporaryDirectory() as scratch:
            total += compare(open_source(folder), Path(scratch), arguments.recipes)
    print(f"{total} differences")
    return 1 if total else 0


def compare(checkpoint: Source, scratch: Path, recipes: list[str]) -> int:
    """Print a table for one checkpoint, and every difference below it; their number."""
    source = execute(make_plan(checkpoint, recipe="F32"), scratch / "F32.gguf", load_check=False)
    matrices = importance_matrices(source, scratch)
    table = Table("recipe", "bytes", *(f"differing: {name}" for name in matrices))
    found: list[str] = []
    for recipe in recipes:
        cells = []
        for name, matrix in matrices.items():
            ours = run_llmq(checkpoint, scratch / "ours.gguf", recipe, matrix)
            theirs = run_tool(source, scratch / "theirs.gguf", recipe, matrix)
            mine = {tensor.name: tensor for tensor in ours.tensors}
            differing = [differing_bytes(ours, mine[t.name], theirs, t) for t in theirs.tensors]
            cells.append(f"{sum(differing):,}")
            lines = differences_between(ours, theirs)
            found += [f"{recipe}, {name}: {line}" for line in lines]
        table.add_row(recipe, f"{sum(t.n_bytes for t in theirs.tensors):,}", *cells)
    print(f"{checkpoint.name}, {described(matrices)}")
    Console(width=110).print(table)
    print(*found, sep="\n", end="\n" if found else "")
    return len(found)


def importance_matrices(source: Path, scratch: Path) -> dict[str, Path | None]:
    """No matrix, and one in each of llama-imatrix's formats."""
    text = scratch / "calibration.txt"
    text.write_text("\n".join(calibration_text()), encoding="utf-8")
    matrices: dict[str, Path | None] = {"plain": None}
    for kind in ("gguf", "dat"):
        output = scratch / f"imatrix.{kind}"
        command = [str(TOOLS / "llama-imatrix"), "-m", str(source), "-f", str(text), "--no-ppl"]
        command += ["-c", str(CHUNK_TOKENS), "-b", str(CHUNK_TOKENS), "--chunks", str(CHUNKS)]
        run([*command, "-t", "2", "--process-output", "--output-format", kind, "-o", str(output)])
        matrices[kind] = output
    return matrices


def calibration_text() -> Iterator[str]:
    """What is said in the dialogues of the built-in prompts."""
    for name in BUILTIN_SUITES:
        for dialogue in builtin_suite(name).dialogues:
            yield from (message.content for message in dialogue.messages)


def run_llmq(checkpoint: Source, output: Path, recipe: str, matrix: Path | None) -> GgufFile:
    """What llmq makes of the checkpoint."""
    importance = read_importance(matrix, exact=True) if matrix else None
    plan = make_plan(checkpoint, recipe=recipe, importance=importance, encoder=Encoder.GGML)
    return open_gguf(execute(plan, output, force=True, load_check=False))


def run_tool(source: Path, output: Path, recipe: str, matrix: Path | None) -> GgufFile:
    """What llama-quantize makes of the F32 file."""
    run(quantizer(source, output, recipe, threads=2, imatrix=matrix))
    return open_gguf(output)


def run(command: list[str]) -> None:
    """Run a tool in silence; what it says is shown where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-2000:]
        raise SystemExit(f"{Path(command[0]).name} failed with {done.returncode}:\n{said}")


def described(matrices: dict[str, Path | None]) -> str:
    """What the importance matrices hold."""
    found = [read_importance(path) for path in matrices.values() if path]
    return "; ".join(
        f"{each.path.name}: {len(each.rows)} matrices, {each.n_chunks} chunks, {each.n_raised} zeros"
        for each in found
    )


if __name__ == "__main__":
    sys.exit(main())
